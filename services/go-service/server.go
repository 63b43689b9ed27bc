package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	// keepAlive is longer than the clients', so that no request meets a closing connection.
	keepAlive = 75 * time.Second
	// maxRequests at a time; one more waits for nothing and gets a 503.
	maxRequests = 1000
)

// server is an HTTP server on its own listener.
type server struct {
	http.Server
	failed chan error
}

// listen opens a port and serves on it.
func listen(address string, port int, handler http.Handler, settings *Settings) (*server, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	one := &server{failed: make(chan error, 1), Server: http.Server{
		Addr:           listener.Addr().String(),
		Handler:        limited(handler),
		ReadTimeout:    settings.RequestTimeout,
		WriteTimeout:   settings.RequestTimeout + settings.ShutdownTimeout,
		IdleTimeout:    keepAlive,
		MaxHeaderBytes: maxHeader,
		ConnContext:    born,
		// A line for each malformed request would let its sender fill the log.
		ErrorLog: log.New(io.Discard, "", 0),
	}}
	go func() {
		if err := one.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			one.failed <- err
		}
	}()
	return one, nil
}

func limited(handler http.Handler) http.Handler {
	running := make(chan struct{}, maxRequests)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		select {
		case running <- struct{}{}:
			defer func() { <-running }()
			handler.ServeHTTP(w, request)
		default:
			unavailable("Too many requests at a time; try again").write(w, nil)
		}
	})
}

// drain serves on until nobody sends new requests, and then until the running ones are done.
func drain(api *server, settings *Settings) error {
	time.Sleep(settings.DrainWait)
	ctx, cancel := context.WithTimeout(context.Background(), settings.ShutdownTimeout)
	defer cancel()
	return api.Shutdown(ctx)
}

type bornKey struct{}

func born(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, bornKey{}, time.Now())
}

// aged reports whether a connection is old enough to be closed, so that new replicas get their share.
func aged(ctx context.Context, age time.Duration) bool {
	since, ok := ctx.Value(bornKey{}).(time.Time)
	return ok && time.Since(since) >= age
}
