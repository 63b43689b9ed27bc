package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// early is the share of a token's life after which a new one is asked for.
const early = 0.9

// OwnToken has a token of the service's own registration, by client credentials (RFC 6749, 4.4).
type OwnToken struct {
	live    *Live
	client  *Client
	log     *slog.Logger
	current atomic.Pointer[issued]
	flights *flights[*issued]
}

type issued struct {
	token string
	until time.Time
}

func newOwnToken(live *Live, client *Client, log *slog.Logger) *OwnToken {
	own := &OwnToken{live: live, client: client, log: log, flights: newFlights[*issued]()}
	live.OnChange(func() { own.current.Store(nil) })
	return own
}

// Get calls another service in this one's own name. A token that is refused is replaced once.
func (o *OwnToken) Get(ctx context.Context, address string) (*reply, error) {
	token, err := o.token(ctx)
	if err != nil {
		return nil, err
	}
	found, err := o.client.get(ctx, address, token.token)
	if err != nil || found.status != http.StatusUnauthorized {
		return found, err
	}
	o.current.CompareAndSwap(token, nil)
	if token, err = o.token(ctx); err != nil {
		return nil, err
	}
	return o.client.get(ctx, address, token.token)
}

func (o *OwnToken) token(ctx context.Context) (*issued, error) {
	if found := o.current.Load(); found != nil && time.Now().Before(found.until) {
		return found, nil
	}
	return o.flights.run(ctx, "own", func(ctx context.Context) (*issued, error) {
		settings, askedAt := o.live.Settings(), time.Now()
		form := url.Values{"grant_type": {"client_credentials"}}
		response, err := o.client.post(ctx, settings.AccessTokenURI, form)
		if err != nil {
			return nil, err
		}
		found, err := read(response, askedAt)
		if err != nil {
			o.log.ErrorContext(ctx, "no token of its own", "logger", "client",
				"reason", err.Error(), "status", response.status)
			if temporary(response.status) {
				return nil, unavailable("The authorization server is unavailable; try again")
			}
			return nil, badGateway("The authorization server sent an unusable response (" + err.Error() + ")")
		}
		if settings == o.live.Settings() {
			o.current.Store(found)
		}
		return found, nil
	})
}

// read reads a token response (RFC 6749, 5.1). Without expires_in a token is used once.
func read(response *reply, askedAt time.Time) (*issued, error) {
	var fields struct {
		AccessToken string      `json:"access_token"`
		TokenType   string      `json:"token_type"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if response.status != http.StatusOK {
		return nil, errors.New("it refuses this service's credentials; see security.oauth2.client")
	}
	if err := json.Unmarshal(response.body, &fields); err != nil {
		return nil, errors.New("not the JSON of a token")
	}
	if !b64token.MatchString(fields.AccessToken) || !strings.EqualFold(fields.TokenType, "bearer") {
		return nil, errors.New("no bearer token in it")
	}
	seconds, _ := fields.ExpiresIn.Float64()
	life := time.Duration(seconds * early * float64(time.Second))
	return &issued{fields.AccessToken, askedAt.Add(life)}, nil
}
