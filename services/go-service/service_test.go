package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheDetailNamesTheCallerAndAsWhomTheServiceCalledBack(t *testing.T) {
	one := newSuite(t)
	one.me = func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != "Bearer own" {
			t.Error(request.Header)
		}
		says(200, `{"name":"go-service","more":1}`)(w, request)
	}
	response := started(t, one).bearing("/api/detail")
	want := `{"service":"go-service","version":"` + version + `","pod":"pod-1","caller":"alice","called_back_as":"go-service"}`
	if response.Code != 200 || response.Body.String() != want {
		t.Error(response.Code, response.Body)
	}
}

func TestTheOwnTokenIsUsedAgainAndReplacedOnceWhereItIsRefused(t *testing.T) {
	one := newSuite(t)
	service := started(t, one)
	service.bearing("/api/detail")
	service.bearing("/api/detail")
	if one.issues.Load() != 1 {
		t.Error(one.issues.Load(), "tokens")
	}
	one.me = says(401, `{"error":"invalid_token"}`)
	if response := service.bearing("/api/detail"); response.Code != 503 || one.issues.Load() != 2 {
		t.Error(response.Code, one.issues.Load(), "tokens")
	}
}

func TestFailuresOfTheOthersAreToldApart(t *testing.T) {
	for _, row := range []struct {
		change func(*suite)
		status int
		code   string
	}{
		{func(s *suite) { s.issue = says(401, `{"error":"invalid_client"}`) }, 502, "bad_gateway"},
		{func(s *suite) { s.issue = says(200, `{"access_token":"a","token_type":"mac"}`) }, 502, "bad_gateway"},
		{func(s *suite) { s.issue = says(503, `{}`) }, 503, "temporarily_unavailable"},
		{func(s *suite) { s.me = says(200, `[]`) }, 502, "bad_gateway"},
		{func(s *suite) { s.me = says(403, `{}`) }, 503, "temporarily_unavailable"},
		{func(s *suite) { s.check = says(200, strings.Replace(alice, `["read"]`, `["write"]`, 1)) }, 403, "insufficient_scope"},
	} {
		one := newSuite(t)
		row.change(one)
		response := started(t, one).bearing("/api/detail")
		if response.Code != row.status || member(t, response, "error") != row.code {
			t.Errorf("%d %s, not %d %s", response.Code, response.Body, row.status, row.code)
		}
	}
}

func TestAPathOrMethodThatIsNotThereIsSaidToWhoHasAToken(t *testing.T) {
	service := started(t, newSuite(t))
	if response := service.bearing("/nowhere"); response.Code != 404 || member(t, response, "error") != "not_found" {
		t.Error(response.Code, response.Body)
	}
	request := httptest.NewRequest(http.MethodPost, "/api/me", nil)
	request.Header.Set("Authorization", "Bearer a")
	recorder := httptest.NewRecorder()
	service.handler().ServeHTTP(recorder, request)
	if recorder.Code != 405 || recorder.Header().Get("Allow") != "GET, HEAD" {
		t.Error(recorder.Code, recorder.Header())
	}
}

func TestATraceGoesOnAndEveryLineOfARequestNamesIt(t *testing.T) {
	one := newSuite(t)
	service := started(t, one)
	one.me = says(500, "{}")
	const trace = "0af7651916cd43dd8448eb211c80319c"
	response := service.get("/api/detail", "Authorization", "Bearer a", "traceparent", "00-"+trace+"-b7ad6b7169203331-00")
	if got := response.Header().Get("traceresponse"); !strings.HasPrefix(got, "00-"+trace+"-") || !strings.HasSuffix(got, "-00") {
		t.Error(got)
	}
	for _, line := range strings.Split(strings.TrimSpace(service.logged.String()), "\n") {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil || fields["trace_id"] != trace || fields["service"] != name {
			t.Error(line, err)
		}
	}
	for _, broken := range []string{"", "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-00", "ff-" + trace + "-b7ad6b7169203331-00", "00-1-2-3"} {
		if found := newTrace(broken); found.traceID == trace || !traceparent.MatchString(found.header()) {
			t.Error(broken, found)
		}
	}
}

func TestAFaultIsAResponseWithItsTraceAndALine(t *testing.T) {
	service := started(t, newSuite(t))
	handler := service.observed(func(http.ResponseWriter, *http.Request) (string, error) { panic("broken") })
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	trace := member(t, recorder, "trace_id")
	if recorder.Code != 500 || trace == "" || !strings.Contains(service.logged.String(), trace) {
		t.Error(recorder.Code, recorder.Body, service.logged)
	}
}

func TestTheManagementPortTellsTheState(t *testing.T) {
	service := started(t, newSuite(t))
	service.bearing("/api/me")
	for _, row := range []struct {
		state                 int32
		live, startup, readyz int
	}{{starting, 200, 503, 503}, {ready, 200, 200, 200}, {draining, 200, 200, 503}} {
		service.state.Store(row.state)
		for path, want := range map[string]int{"/livez": row.live, "/startupz": row.startup, "/readyz": row.readyz} {
			if got := managed(service, path).Code; got != want {
				t.Errorf("state %d: %s is %d, not %d", row.state, path, got, want)
			}
		}
	}
	metrics := managed(service, "/metrics").Body.String()
	for _, line := range []string{
		`http_server_requests_seconds_count{method="GET",uri="/api/me",status="200"} 1`,
		"config_last_reload_successful 1",
		"config_info{hash=",
	} {
		if !strings.Contains(metrics, line) {
			t.Error(line, "is not in", metrics)
		}
	}
	if managed(service, "/info").Code != 200 || managed(service, "/else").Code != 404 {
		t.Error("pages")
	}
}

func TestADrainingReplicaClosesItsConnections(t *testing.T) {
	service := started(t, newSuite(t))
	if service.bearing("/api/me").Header().Get("Connection") != "" {
		t.Error("closed while ready")
	}
	service.state.Store(draining)
	if service.bearing("/api/me").Header().Get("Connection") != "close" {
		t.Error("open while draining")
	}
}

func managed(service running, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	service.management().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}
