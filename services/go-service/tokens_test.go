package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestARequestWithoutAUsableTokenIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	one := newSuite(t)
	service := started(t, one)
	for _, row := range []struct {
		path, header, code, challenge string
		status                        int
	}{
		{"/api/me", "", "unauthorized", `Bearer realm="api"`, 401},
		{"/nowhere", "", "unauthorized", `Bearer realm="api"`, 401},
		{"/api/me", "Basic YTpi", "unauthorized", `Bearer realm="api"`, 401},
		{"/api/me", "Bearer ", "invalid_token", `error="invalid_token"`, 401},
		{"/api/me", "Bearer a b", "invalid_token", `error="invalid_token"`, 401},
		{"/api/me", "Bearer " + strings.Repeat("a", maxToken+1), "invalid_token", `error="invalid_token"`, 401},
		{"/api/me?access_token=a", "Bearer a", "invalid_request", "", 400},
	} {
		response := service.get(row.path, "Authorization", row.header)
		if response.Code != row.status || member(t, response, "error") != row.code {
			t.Errorf("%q: %d %s", row.header, response.Code, response.Body)
		}
		if !strings.Contains(response.Header().Get("WWW-Authenticate"), row.challenge) {
			t.Errorf("%q: %s", row.header, response.Header())
		}
	}
	twice := service.get("/api/me", "Authorization", "Bearer a", "Authorization", "Bearer b")
	if twice.Code != http.StatusBadRequest || one.checks.Load() != 0 {
		t.Errorf("%d, %d checks", twice.Code, one.checks.Load())
	}
}

func TestWhatCasServerSaysOfATokenBecomesTheResponse(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		want   int
		code   string
	}{
		{200, alice, 200, ""},
		{400, `{"error":"invalid_token"}`, 401, "invalid_token"},
		{400, `{"error":"invalid_request"}`, 401, "invalid_token"},
		{400, `{"error":"unsupported"}`, 503, "temporarily_unavailable"},
		{401, `{"error":"invalid_client"}`, 503, "temporarily_unavailable"},
		{403, `{"error":"access_denied"}`, 503, "temporarily_unavailable"},
		{302, ``, 503, "temporarily_unavailable"},
		{500, `{"error":"server_error"}`, 503, "temporarily_unavailable"},
		{200, `no JSON`, 503, "temporarily_unavailable"},
		{200, strings.Repeat(" ", maxResponse) + alice, 503, "temporarily_unavailable"},
		{200, strings.Replace(alice, `"active":true`, `"active":false`, 1), 401, "invalid_token"},
		{200, strings.Replace(alice, `"active":true`, `"active":"true"`, 1), 503, "temporarily_unavailable"},
		{200, strings.Replace(alice, `"active":true`, `"error":"x"`, 1), 503, "temporarily_unavailable"},
		{200, strings.Replace(alice, `"go-service"`, `"other"`, 1), 401, "invalid_token"},
		{200, strings.Replace(alice, `"aud":["go-service"],`, ``, 1), 401, "invalid_token"},
		{200, strings.Replace(alice, `4102444800`, `1`, 1), 401, "invalid_token"},
		{200, strings.Replace(alice, `"app"`, `""`, 1), 503, "temporarily_unavailable"},
	} {
		one := newSuite(t)
		one.check = says(row.status, row.body)
		response := started(t, one).bearing("/api/me")
		if response.Code != row.want || member(t, response, "error") != row.code {
			t.Errorf("%d %.60s: %d %s", row.status, row.body, response.Code, response.Body)
		}
		if retry := response.Header().Get("Retry-After"); (row.want == 503) != (retry == "1") {
			t.Errorf("%d %.60s: Retry-After %q", row.status, row.body, retry)
		}
	}
}

func TestATokenIsSentInAFormWithTheServicesOwnCredentials(t *testing.T) {
	one := newSuite(t)
	one.check = func(w http.ResponseWriter, request *http.Request) {
		client, secret, _ := request.BasicAuth()
		if client != "go-service" || secret != "hush-hush" || request.PostFormValue("token") != "t0ken-of-alice" {
			t.Errorf("%s %s %s", client, secret, request.PostForm)
		}
		if !traceparent.MatchString(request.Header.Get("traceparent")) || request.URL.RawQuery != "" {
			t.Errorf("%s %s", request.Header, request.URL)
		}
		says(200, alice)(w, request)
	}
	if response := started(t, one).bearing("/api/me"); response.Code != http.StatusOK {
		t.Error(response.Code, response.Body)
	}
}

func TestWhereCasServerIsAwayTheResponseIs503(t *testing.T) {
	one := newSuite(t)
	service := started(t, one)
	one.Close()
	response := service.bearing("/api/me")
	if response.Code != 503 || member(t, response, "error") != "temporarily_unavailable" {
		t.Error(response.Code, response.Body)
	}
	if response.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestWhereCasServerIsSilentTheTimeoutEndsTheWait(t *testing.T) {
	one, release := newSuite(t), make(chan struct{})
	one.check = func(http.ResponseWriter, *http.Request) { <-release }
	defer close(release)
	response := started(t, one, "--client.timeout=50ms").bearing("/api/me")
	if response.Code != 503 || one.checks.Load() != 1 {
		t.Error(response.Code, response.Body, one.checks.Load())
	}
}

func TestAReplicaThatTriesAgainLaterIsAskedAgain(t *testing.T) {
	one := newSuite(t)
	one.check = func(w http.ResponseWriter, request *http.Request) {
		if one.checks.Load() < 3 {
			says(503, `{"error":"temporarily_unavailable"}`)(w, request)
			return
		}
		says(200, alice)(w, request)
	}
	if response := started(t, one).bearing("/api/me"); response.Code != 200 {
		t.Error(response.Code, response.Body)
	}
}

func TestResultsAreCachedAndARefusalToo(t *testing.T) {
	one := newSuite(t)
	service := started(t, one, "--security.oauth2.resource.cache-ttl=1h", "--security.oauth2.resource.negative-cache-ttl=1h")
	for range 3 {
		service.bearing("/api/me")
	}
	one.check = says(400, `{"error":"invalid_token"}`)
	for range 3 {
		service.get("/api/me", "Authorization", "Bearer other")
	}
	if one.checks.Load() != 2 {
		t.Error(one.checks.Load(), "checks")
	}
	if service.bearing("/api/me").Code != 200 {
		t.Error("a refused token evicted a valid one")
	}
}

func TestACacheTTLOfZeroAsksEachTime(t *testing.T) {
	one := newSuite(t)
	service := started(t, one, "--security.oauth2.resource.cache-ttl=0")
	service.bearing("/api/me")
	service.bearing("/api/me")
	if one.checks.Load() != 2 {
		t.Error(one.checks.Load(), "checks")
	}
}

func TestForgedTokensFillTheCacheToItsBoundOnly(t *testing.T) {
	one := newSuite(t)
	one.check = says(400, `{"error":"invalid_token"}`)
	service := started(t, one, "--security.oauth2.resource.cache-size=2", "--security.oauth2.resource.negative-cache-ttl=1h")
	for _, token := range []string{"a", "b", "c"} {
		service.get("/api/me", "Authorization", "Bearer "+token)
	}
	if size := service.tokens.refused.size(); size != 2 {
		t.Error(size, "cached")
	}
}

func TestConcurrentChecksOfOneTokenShareOneCall(t *testing.T) {
	one, arrived, release := newSuite(t), make(chan struct{}, 10), make(chan struct{})
	one.check = func(w http.ResponseWriter, request *http.Request) {
		arrived <- struct{}{}
		<-release
		says(200, alice)(w, request)
	}
	service := started(t, one, "--client.timeout=60s")
	var all sync.WaitGroup
	for range 10 {
		all.Add(1)
		go func() {
			defer all.Done()
			if response := service.bearing("/api/me"); response.Code != 200 {
				t.Error(response.Code, response.Body)
			}
		}()
	}
	<-arrived
	close(release)
	all.Wait()
	if checks := one.checks.Load(); checks != 1 {
		t.Error(checks, "checks")
	}
}

func TestNoTokenAndNoSecretIsLogged(t *testing.T) {
	one := newSuite(t)
	one.check = says(401, `{"error":"invalid_client"}`)
	service := started(t, one)
	service.bearing("/api/detail")
	one.check = says(200, alice)
	one.me = says(500, "{}")
	service.bearing("/api/detail")
	one.Close()
	service.get("/api/detail", "Authorization", "Bearer t0ken-of-bob")
	logged := service.logged.String()
	if !strings.Contains(logged, "call failed") || !strings.Contains(logged, "unusable") {
		t.Error(logged)
	}
	for _, secret := range []string{"t0ken", "hush", "Bearer", "Basic"} {
		if strings.Contains(logged, secret) {
			t.Errorf("%s is in the log: %s", secret, logged)
		}
	}
}
