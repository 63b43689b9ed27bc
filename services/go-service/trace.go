package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// Trace is a request's place in a trace: W3C Trace Context.
type Trace struct{ traceID, spanID, flags string }

type traceKey struct{}

var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`)

// newTrace continues the trace of a traceparent header, or starts one where it is missing or invalid.
func newTrace(header string) Trace {
	found := traceparent.FindStringSubmatch(header)
	if found == nil || strings.HasPrefix(header, "ff") || zeros(found[1]) || zeros(found[2]) {
		return Trace{random(16), random(8), "01"}
	}
	return Trace{found[1], random(8), found[3]}
}

func (t Trace) header() string { return "00-" + t.traceID + "-" + t.spanID + "-" + t.flags }

func withTrace(ctx context.Context, trace Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, trace)
}

func traceOf(ctx context.Context) (Trace, bool) {
	trace, ok := ctx.Value(traceKey{}).(Trace)
	return trace, ok
}

func zeros(text string) bool { return strings.Trim(text, "0") == "" }

func random(bytes int) string {
	content := make([]byte, bytes)
	if _, err := rand.Read(content); err != nil {
		panic(err) // no randomness: nothing of this program may go on
	}
	return hex.EncodeToString(content)
}

// newLog writes one JSON object a line, with the keys of the suite's other logs.
func newLog(out io.Writer) *slog.Logger {
	rename := func(_ []string, attribute slog.Attr) slog.Attr {
		switch attribute.Key {
		case slog.TimeKey:
			return slog.String("ts", attribute.Value.Time().UTC().Format("2006-01-02T15:04:05.000000Z"))
		case slog.MessageKey:
			attribute.Key = "message"
		case slog.LevelKey:
			level := strings.ToLower(attribute.Value.String())
			return slog.String("level", strings.Replace(level, "warn", "warning", 1))
		case "logger":
			return slog.String("logger", name+"."+attribute.Value.String())
		}
		return attribute
	}
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: rename})
	return slog.New(traced{handler}).With("service", name)
}

// traced adds the trace id of the request within which a line is written.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, record slog.Record) error {
	if trace, ok := traceOf(ctx); ok {
		record.AddAttrs(slog.String("trace_id", trace.traceID))
	}
	return h.Handler.Handle(ctx, record)
}

func (h traced) WithAttrs(attributes []slog.Attr) slog.Handler {
	return traced{h.Handler.WithAttrs(attributes)}
}

func (h traced) WithGroup(group string) slog.Handler { return traced{h.Handler.WithGroup(group)} }
