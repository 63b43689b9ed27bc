package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const maxToken = 4096

var b64token = regexp.MustCompile(`^[A-Za-z0-9\-._~+/]+=*$`)

// Caller is whose token a request has.
type Caller struct {
	ClientID    string
	UserName    string
	Scopes      []string
	Authorities []string
	audience    []string
	expires     time.Time
}

// Name is the user's, or the client's where no user is involved.
func (c *Caller) Name() string {
	if c.UserName != "" {
		return c.UserName
	}
	return c.ClientID
}

// Tokens checks access tokens at cas-server, and caches what it says for a moment. Valid and refused
// tokens have a cache each, so that forged ones evict no valid one.
type Tokens struct {
	live    *Live
	client  *Client
	log     *slog.Logger
	valid   *ttlCache[*Caller]
	refused *ttlCache[*apiError]
	flights *flights[*Caller]
}

func newTokens(live *Live, client *Client, log *slog.Logger) *Tokens {
	tokens := &Tokens{live, client, log, newCache[*Caller](), newCache[*apiError](), newFlights[*Caller]()}
	live.OnChange(func() { tokens.valid.clear(); tokens.refused.clear() })
	return tokens
}

// bearer returns the token of a request's header; only there is one looked for (RFC 6750, 2.1).
func bearer(request *http.Request) (string, error) {
	if request.URL.Query().Has("access_token") {
		return "", invalidRequest("An access token does not belong in a URI (RFC 6750, 2.3)")
	}
	values := request.Header.Values("Authorization")
	if len(values) > 1 {
		return "", invalidRequest("The request has more than one Authorization header")
	}
	scheme, token, _ := strings.Cut(strings.Join(values, ""), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "", unauthenticated()
	}
	token = strings.Trim(token, " ")
	if len(token) > maxToken || !b64token.MatchString(token) {
		return "", invalidToken("The access token is malformed")
	}
	return token, nil
}

// Check returns whose token it is, or an *apiError.
func (t *Tokens) Check(ctx context.Context, token string) (*Caller, error) {
	settings, key := t.live.Settings(), digest(token)
	if caller, ok := t.valid.get(key, settings.CacheTTL); ok && caller.current() {
		return caller, nil
	}
	if refusal, ok := t.refused.get(key, settings.NegativeCacheTTL); ok {
		return nil, refusal
	}
	return t.flights.run(ctx, key, func(ctx context.Context) (*Caller, error) {
		return t.ask(ctx, settings, key, token)
	})
}

func (t *Tokens) ask(ctx context.Context, settings *Settings, key, token string) (*Caller, error) {
	askedAt := time.Now()
	found, err := t.client.post(ctx, settings.TokenInfoURI, url.Values{"token": {token}})
	if err != nil {
		// Whether it is cas-server that is away is no matter of the caller's.
		return nil, unavailable("The access token can't be checked now; try again")
	}
	caller, err := checked(found, settings.ResourceID)
	var refusal *apiError
	switch {
	case errors.As(err, &refusal):
		t.valid.drop(key)
		t.refused.put(key, refusal, askedAt, settings.CacheSize)
		return nil, refusal
	case err != nil:
		t.log.ErrorContext(ctx, "authorization server unusable", "logger", "security",
			"reason", err.Error(), "status", found.status)
		return nil, unavailable("The authorization server's response is unusable: " + err.Error())
	case settings == t.live.Settings(): // a result under old settings is not cached under new ones
		t.valid.put(key, caller, askedAt, settings.CacheSize)
	}
	return caller, nil
}

func (c *Caller) current() bool { return c.expires.IsZero() || time.Now().Before(c.expires) }

// checked reads check_token's response: an *apiError says that the token is not valid here, any other
// error that the response is of no use. The error names fields, never their values.
func checked(found *reply, resourceID string) (*Caller, error) {
	var fields struct {
		Error       string      `json:"error"`
		Active      *bool       `json:"active"`
		ClientID    string      `json:"client_id"`
		UserName    *string     `json:"user_name"`
		Scope       []string    `json:"scope"`
		Authorities []string    `json:"authorities"`
		Audience    []string    `json:"aud"`
		Expires     json.Number `json:"exp"`
	}
	if found.status == http.StatusUnauthorized || found.status == http.StatusForbidden {
		return nil, errors.New("it rejects this service's credentials; see security.oauth2.client and check-tokens")
	}
	if err := json.Unmarshal(found.body, &fields); err != nil {
		return nil, errors.New("not the JSON of check_token")
	}
	if found.status == http.StatusBadRequest && (fields.Error == "invalid_token" || fields.Error == "invalid_request") {
		return nil, invalidToken("The access token is missing, malformed, expired or revoked; get a new one")
	}
	seconds, err := fields.Expires.Float64()
	switch {
	case found.status != http.StatusOK:
		return nil, errors.New("an unexpected status")
	case fields.Error != "":
		return nil, errors.New("a 200 with an error")
	case fields.Active != nil && !*fields.Active:
		return nil, invalidToken("The access token is not active")
	case fields.ClientID == "" || fields.UserName != nil && *fields.UserName == "":
		return nil, errors.New("client_id or user_name is empty")
	case fields.Expires != "" && err != nil:
		return nil, errors.New("exp is not a number")
	case !slices.Contains(fields.Audience, resourceID):
		return nil, invalidToken("The access token is for another resource server")
	}
	caller := &Caller{fields.ClientID, "", fields.Scope, fields.Authorities, fields.Audience, time.Time{}}
	if fields.UserName != nil {
		caller.UserName = *fields.UserName
	}
	if fields.Expires != "" {
		caller.expires = time.Unix(int64(seconds), 0)
	}
	if !caller.current() {
		return nil, invalidToken("The access token has expired")
	}
	return caller, nil
}
