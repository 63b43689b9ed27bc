package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// idleConnection is shorter than the servers' keep-alive of 75 s, which would break a request.
	idleConnection = 15 * time.Second
	maxHeader      = 64 << 10
	maxResponse    = 1 << 20
	// attempts of a call: a balancer may choose a replica that has just died.
	attempts   = 4
	firstPause = 50 * time.Millisecond
)

// reply is a response that has arrived whole.
type reply struct {
	status int
	body   []byte
}

// Client calls other services, within client.timeout whatever happens.
type Client struct {
	live *Live
	log  *slog.Logger
	http atomic.Pointer[http.Client]
}

func newClient(live *Live, log *slog.Logger) *Client {
	client := &Client{live: live, log: log}
	client.renew()
	live.OnChange(client.renew)
	return client
}

// renew takes new connections: the settings that dial have changed.
func (c *Client) renew() {
	old := c.http.Swap(&http.Client{
		Transport: newTransport(c.live.Settings()),
		// A redirect would take the credentials elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	if old != nil {
		old.CloseIdleConnections()
	}
}

// get calls with a bearer token.
func (c *Client) get(ctx context.Context, address, token string) (*reply, error) {
	return c.call(ctx, func(ctx context.Context) (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err == nil {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		return request, err
	})
}

// post sends a form with the service's own credentials. It may be sent again: a token check changes
// nothing, and a token that nobody received only expires.
func (c *Client) post(ctx context.Context, address string, form url.Values) (*reply, error) {
	settings := c.live.Settings()
	return c.call(ctx, func(ctx context.Context) (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
		if err == nil {
			request.SetBasicAuth(settings.ClientID, settings.ClientSecret)
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			// net/http sends it again where an idle connection broke, and does not send this header.
			request.Header["Idempotency-Key"] = []string{}
		}
		return request, err
	})
}

// call tries again, with growing pauses, where there was no connection or a 502, 503 or 504. A
// timeout is never tried again. Errors are an *apiError for the caller of this service.
func (c *Client) call(ctx context.Context, build func(context.Context) (*http.Request, error)) (*reply, error) {
	ctx, cancel := context.WithTimeout(ctx, c.live.Settings().Timeout)
	defer cancel()
	pause := firstPause
	for attempt := 1; ; attempt++ {
		request, err := build(ctx)
		if err != nil {
			return nil, err
		}
		found, err := c.send(ctx, request)
		if attempt == attempts || ctx.Err() != nil || err == nil && !temporary(found.status) {
			return found, c.judged(ctx, request, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return found, c.judged(ctx, request, err)
		}
		pause *= 2
	}
}

func (c *Client) send(ctx context.Context, request *http.Request) (*reply, error) {
	request.Header.Set("Accept", "application/json")
	if trace, ok := traceOf(ctx); ok {
		request.Header.Set("traceparent", trace.header())
	}
	response, err := c.http.Load().Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxResponse {
		return nil, badGateway(request.URL.Hostname() + " sent an unusable response (too large)")
	}
	return &reply{response.StatusCode, body}, nil
}

// judged logs a failure, which names the host and no header, and returns what our caller gets.
func (c *Client) judged(ctx context.Context, request *http.Request, err error) error {
	if err == nil {
		return nil
	}
	var ready *apiError
	host := request.URL.Hostname()
	if !errors.As(err, &ready) {
		ready = unavailable(host + " is unreachable; try again")
		if timedOut(ctx, err) {
			ready = gatewayTimeout(host + " did not respond in time; try again")
		}
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // without the URL
	}
	c.log.WarnContext(ctx, "call failed", "logger", "client", "target", host, "reason", err.Error())
	return ready
}

func timedOut(ctx context.Context, err error) bool {
	var network net.Error
	refused := errors.As(err, &network) && network.Timeout()
	return refused || errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil
}

func temporary(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}
