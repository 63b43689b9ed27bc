package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// States of a replica, which /readyz and the drain tell.
const (
	starting int32 = iota
	ready
	draining
)

// Service is what handlers need.
type Service struct {
	live    *Live
	log     *slog.Logger
	tokens  *Tokens
	own     *OwnToken
	metrics *Metrics
	state   atomic.Int32
}

func newService(live *Live, log *slog.Logger) *Service {
	client := newClient(live, log)
	return &Service{
		live:    live,
		log:     log,
		tokens:  newTokens(live, client, log),
		own:     newOwnToken(live, client, log),
		metrics: newMetrics(),
	}
}

// Me is the caller as cas-server sees it.
type Me struct {
	Name        string   `json:"name"`
	ClientID    string   `json:"client_id"`
	Scopes      []string `json:"scopes"`
	Authorities []string `json:"authorities"`
}

// Detail says which replica served whom, and as whom it was seen where it called back.
type Detail struct {
	Service      string `json:"service"`
	Version      string `json:"version"`
	Pod          string `json:"pod"`
	Caller       string `json:"caller"`
	CalledBackAs string `json:"called_back_as"`
}

// route is a handler with who may call it.
type route struct {
	scope  string // empty: any valid token
	handle func(http.ResponseWriter, *http.Request, *Caller) error
}

func (s *Service) routes() map[string]route {
	return map[string]route{
		"/api/me":     {"", s.me},
		"/api/detail": {"read", s.detail},
	}
}

func (s *Service) me(w http.ResponseWriter, _ *http.Request, caller *Caller) error {
	writeJSON(w, http.StatusOK, Me{caller.Name(), caller.ClientID, sorted(caller.Scopes), sorted(caller.Authorities)})
	return nil
}

func (s *Service) detail(w http.ResponseWriter, request *http.Request, caller *Caller) error {
	settings := s.live.Settings()
	response, err := s.own.Get(request.Context(), settings.CallbackURL+"/api/me")
	if err != nil {
		return err
	}
	var seen struct {
		Name string `json:"name"`
	}
	if response.status != http.StatusOK {
		s.log.WarnContext(request.Context(), "not served when calling back", "logger", "client", "status", response.status)
		return unavailable("The service that is called back did not serve this one; try again")
	}
	if json.Unmarshal(response.body, &seen) != nil || seen.Name == "" {
		return badGateway("The service that is called back sent an unusable response")
	}
	writeJSON(w, http.StatusOK, Detail{name, version, settings.Pod, caller.Name(), seen.Name})
	return nil
}

// handler is the API. Every path needs a token, one without a route too: what there is is nobody's
// business who has none.
func (s *Service) handler() http.Handler {
	routes := s.routes()
	return s.observed(func(w http.ResponseWriter, request *http.Request) (string, error) {
		token, err := bearer(request)
		if err != nil {
			return unmatched, err
		}
		caller, err := s.tokens.Check(request.Context(), token)
		if err != nil {
			return unmatched, err
		}
		found, ok := routes[request.URL.Path]
		switch {
		case !ok:
			return unmatched, notFound()
		case request.Method != http.MethodGet && request.Method != http.MethodHead:
			return request.URL.Path, methodNotAllowed("GET, HEAD")
		case found.scope != "" && !slices.Contains(caller.Scopes, found.scope):
			return request.URL.Path, insufficientScope(found.scope)
		}
		return request.URL.Path, found.handle(w, request, caller)
	})
}

// observed gives a request its trace, and counts and logs what became of it.
func (s *Service) observed(serve func(http.ResponseWriter, *http.Request) (string, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		began, trace := time.Now(), newTrace(request.Header.Get("traceparent"))
		request = request.WithContext(withTrace(request.Context(), trace))
		recorder := &recorder{ResponseWriter: w}
		w.Header().Set("traceresponse", trace.header())
		if s.state.Load() == draining || aged(request.Context(), s.live.Settings().ConnectionAge) {
			w.Header().Set("Connection", "close")
		}
		uri := unmatched
		defer func() {
			if fault := recover(); fault != nil {
				s.log.ErrorContext(request.Context(), "unhandled", "logger", "request", "fault", fault)
				serverError().write(recorder, map[string]string{"trace_id": trace.traceID})
			}
			took := time.Since(began)
			s.metrics.observe(request.Method, uri, recorder.status, took)
			if recorder.status >= http.StatusInternalServerError {
				s.log.WarnContext(request.Context(), "answered", "logger", "access", "method", request.Method,
					"uri", uri, "status", recorder.status, "ms", took.Milliseconds())
			}
		}()
		var err error
		if uri, err = serve(recorder, request); err != nil {
			s.fail(recorder, request, trace, err)
		}
	})
}

func (s *Service) fail(w http.ResponseWriter, request *http.Request, trace Trace, err error) {
	var refusal *apiError
	if errors.As(err, &refusal) {
		refusal.write(w, nil)
		return
	}
	if request.Context().Err() == nil { // else the caller is gone
		s.log.ErrorContext(request.Context(), "unhandled", "logger", "request", "fault", err.Error())
	}
	serverError().write(w, map[string]string{"trace_id": trace.traceID})
}

// recorder remembers the status of a response.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func sorted(names []string) []string {
	names = append([]string{}, names...) // not null in JSON
	slices.Sort(names)
	return names
}
