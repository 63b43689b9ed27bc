package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync/atomic"
	"time"
)

// followEvery is how often the mounts are read again: two small files.
const followEvery = time.Second

// Live holds the settings in force. An edit of ConfigMap or Secret is validated and takes effect as
// a whole; a refused one changes nothing.
type Live struct {
	sources  Sources
	log      *slog.Logger
	current  atomic.Pointer[Settings]
	refused  atomic.Pointer[string]
	changed  []func()
	restarts atomic.Bool
}

func newLive(sources Sources, log *slog.Logger) (*Live, error) {
	settings, err := sources.Load()
	if err != nil {
		return nil, err
	}
	live := &Live{sources: sources, log: log}
	live.current.Store(settings)
	return live, nil
}

// Settings returns those in force: read it once a request.
func (l *Live) Settings() *Settings { return l.current.Load() }

// Refused reports whether what is mounted was refused.
func (l *Live) Refused() bool { return l.refused.Load() != nil }

// RestartRequired reports whether a change waits for the next start: what a listener was opened by.
func (l *Live) RestartRequired() bool { return l.restarts.Load() }

// OnChange has a function called after each change. Call it before Follow.
func (l *Live) OnChange(call func()) { l.changed = append(l.changed, call) }

// Follow reads the mounts again until the context ends.
func (l *Live) Follow(ctx context.Context) {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	started := l.Settings()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.reload(started)
		}
	}
}

func (l *Live) reload(started *Settings) {
	settings, err := l.sources.Load()
	if err != nil {
		l.refuse(err)
		return
	}
	l.refused.Store(nil)
	before := l.Settings()
	if same(settings, before) {
		return
	}
	l.current.Store(settings)
	l.restarts.Store(!sameServer(settings, started))
	for _, call := range l.changed {
		call()
	}
	l.log.Info("configuration changed", "logger", "config", "hash", settings.Hash)
}

// refuse logs each reason once, however often it is read again.
func (l *Live) refuse(err error) {
	reason := err.Error()
	if last := l.refused.Load(); last == nil || *last != reason {
		l.log.Error("configuration refused; the one before stays", "logger", "config", "reason", reason)
	}
	l.refused.Store(&reason)
}

func same(a, b *Settings) bool {
	return a.Hash == b.Hash && a.ClientID == b.ClientID && a.ClientSecret == b.ClientSecret
}

func sameServer(a, b *Settings) bool {
	return a.Address == b.Address && a.Port == b.Port && a.ManagementPort == b.ManagementPort &&
		a.RequestTimeout == b.RequestTimeout && a.DrainWait == b.DrainWait && a.ShutdownTimeout == b.ShutdownTimeout
}

// digest is the SHA-256 of a text in hexadecimal: a key that a memory dump may show.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
