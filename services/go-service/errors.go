package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// apiError is a response that is not a success. Its body always has `error`: Spring resource servers
// take a body without it for a success.
type apiError struct {
	status      int
	code        string
	description string
	headers     map[string]string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.description) }

func notFound() *apiError {
	return &apiError{http.StatusNotFound, "not_found", "The path does not exist", nil}
}

func methodNotAllowed(allowed string) *apiError {
	headers := map[string]string{"Allow": allowed}
	return &apiError{http.StatusMethodNotAllowed, "method_not_allowed", "The path does not support this method", headers}
}

func serverError() *apiError {
	return &apiError{http.StatusInternalServerError, "server_error", "The server failed; the log has the error under the trace id", nil}
}

// challenge is a WWW-Authenticate value (RFC 6750, 3), without an error where no token came.
func challenge(pairs ...string) map[string]string {
	parts := []string{`realm="api"`}
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, fmt.Sprintf("%s=%q", pairs[i], pairs[i+1]))
	}
	return map[string]string{"WWW-Authenticate": "Bearer " + strings.Join(parts, ", ")}
}

func unauthenticated() *apiError {
	return &apiError{http.StatusUnauthorized, "unauthorized", "An access token is required; send it as Authorization: Bearer", challenge()}
}

func invalidToken(why string) *apiError {
	headers := challenge("error", "invalid_token", "error_description", why)
	return &apiError{http.StatusUnauthorized, "invalid_token", why, headers}
}

func insufficientScope(scope string) *apiError {
	const why = "The token's scope is too small"
	headers := challenge("error", "insufficient_scope", "error_description", why, "scope", scope)
	return &apiError{http.StatusForbidden, "insufficient_scope", why, headers}
}

func invalidRequest(why string) *apiError {
	return &apiError{http.StatusBadRequest, "invalid_request", why, nil}
}

func unavailable(why string) *apiError {
	headers := map[string]string{"Retry-After": "1"}
	return &apiError{http.StatusServiceUnavailable, "temporarily_unavailable", why, headers}
}

func badGateway(why string) *apiError {
	return &apiError{http.StatusBadGateway, "bad_gateway", why, map[string]string{"Retry-After": "1"}}
}

func gatewayTimeout(why string) *apiError {
	return &apiError{http.StatusGatewayTimeout, "timeout", why, map[string]string{"Retry-After": "1"}}
}

func (e *apiError) write(w http.ResponseWriter, more map[string]string) {
	w.Header().Set("Cache-Control", "no-store")
	for key, text := range e.headers {
		w.Header().Set(key, text)
	}
	body := map[string]string{"error": e.code, "error_description": e.description}
	for key, text := range more {
		body[key] = text
	}
	writeJSON(w, e.status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	content, err := json.Marshal(body)
	if err != nil { // only of a type that JSON cannot express: a mistake in this program
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.WriteHeader(status)
	w.Write(content) //nolint:errcheck // a caller that is gone needs no response
}
