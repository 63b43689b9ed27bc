package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// suite stands for cas-server and rest-service: a server whose responses a test chooses.
type suite struct {
	*httptest.Server
	checks, issues atomic.Int32
	mutex          sync.Mutex
	check          func(w http.ResponseWriter, request *http.Request)
	issue          func(w http.ResponseWriter, request *http.Request)
	me             func(w http.ResponseWriter, request *http.Request)
}

const alice = `{"active":true,"client_id":"app","user_name":"alice","scope":["read"],"aud":["go-service"],"exp":4102444800}`

func newSuite(t *testing.T) *suite {
	one := &suite{
		check: says(200, alice),
		issue: says(200, `{"access_token":"own","token_type":"bearer","expires_in":600}`),
		me:    says(200, `{"name":"go-service"}`),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/oauth/check_token", func(w http.ResponseWriter, r *http.Request) { one.checks.Add(1); one.check(w, r) })
	mux.HandleFunc("/oauth/token", func(w http.ResponseWriter, r *http.Request) { one.issues.Add(1); one.issue(w, r) })
	mux.HandleFunc("/api/me", func(w http.ResponseWriter, r *http.Request) { one.me(w, r) })
	one.Server = httptest.NewServer(mux)
	t.Cleanup(one.Close)
	return one
}

func says(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// mounted writes what kubelet mounts, by keys, and returns sources that read it.
func mounted(t *testing.T, url string, flags ...string) Sources {
	config, secrets := t.TempDir(), t.TempDir()
	text := `{
		"callback": {"url": "URL"},
		"security": {"oauth2": {
			"resource": {"id": "go-service", "token-info-uri": "URL/oauth/check_token"},
			"client": {"client-id": "go-service", "access-token-uri": "URL/oauth/token"}
		}}
	}`
	write(t, filepath.Join(config, "application.yaml"), strings.ReplaceAll(text, "URL", url))
	write(t, filepath.Join(secrets, "security.oauth2.client.client-secret"), "hush-hush\n")
	return newSources(flags, []string{"CONFIG_DIR=" + config, "SECRETS_DIR=" + secrets, "POD_NAME=pod-1", "POD_NAMESPACE=here"})
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// running is a service as it runs, but for the sockets, and what it logged.
type running struct {
	*Service
	logged *bytes.Buffer
}

func started(t *testing.T, one *suite, flags ...string) running {
	t.Helper()
	logged := &bytes.Buffer{}
	log := newLog(logged)
	live, err := newLive(mounted(t, one.URL, flags...), log)
	if err != nil {
		t.Fatal(err)
	}
	service := newService(live, log)
	service.state.Store(ready)
	return running{service, logged}
}

func (r running) get(path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	r.handler().ServeHTTP(recorder, request)
	return recorder
}

func (r running) bearing(path string) *httptest.ResponseRecorder {
	return r.get(path, "Authorization", "Bearer t0ken-of-alice")
}

func member(t *testing.T, recorder *httptest.ResponseRecorder, key string) string {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %s: %v", recorder.Code, recorder.Body, err)
	}
	text, _ := body[key].(string)
	return text
}
