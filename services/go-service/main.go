// go-service is a resource service without a line of Python: the wire protocol alone is its contract.
//
// It checks tokens at cas-server, and calls rest-service back in its own name. docs/other-languages.md
// says what a service in any language has to do; each file here is one item of that page.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

const (
	name    = "go-service"
	version = "0.1.0"
)

// Exit codes: docs/observability.md.
const (
	exitFailure       = 1
	exitConfiguration = 2
)

func main() {
	if filepath.Base(os.Args[0]) == "sha256sum" {
		os.Exit(sha256sum(os.Args[1:]))
	}
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout))
}

// run serves until SIGTERM and returns the exit code. A second signal ends the drain at once.
func run(arguments, environment []string, out io.Writer) int {
	log := newLog(out)
	sources := newSources(arguments, environment)
	live, err := newLive(sources, log)
	if err != nil {
		log.Error(err.Error(), "logger", "config")
		return exitConfiguration
	}
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(terminated, stop, live, log); err != nil {
		log.Error("failed", "logger", "server", "reason", err.Error())
		return exitFailure
	}
	return 0
}

// sha256sum prints a file's digest as coreutils do. Rotation of secrets runs it in the pod: it
// shows that a pod has a new secret without showing the secret, and the image has no coreutils.
func sha256sum(files []string) int {
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "sha256sum:", err)
			return exitFailure
		}
		fmt.Printf("%x  %s\n", sha256.Sum256(content), file)
	}
	return 0
}

// serve runs both servers until the context ends and the drain is over.
func serve(ctx context.Context, release func(), live *Live, log *slog.Logger) error {
	settings := live.Settings()
	service := newService(live, log)
	api, err := listen(settings.Address, settings.Port, service.handler(), settings)
	if err != nil {
		return err
	}
	management, err := listen(settings.Address, settings.ManagementPort, service.management(), settings)
	if err != nil {
		return errors.Join(err, api.Close())
	}
	go live.Follow(ctx)
	service.state.Store(ready)
	log.Info("started", "logger", "server", "address", api.Addr, "management", management.Addr)
	select {
	case <-ctx.Done():
	case err := <-api.failed:
		return err
	case err := <-management.failed:
		return err
	}
	release()
	log.Info("draining", "logger", "server")
	service.state.Store(draining)
	err = drain(api, settings)
	log.Info("stopped", "logger", "server")
	return errors.Join(err, management.Close())
}
