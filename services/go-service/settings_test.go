package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFlagsPrecedeTheEnvironmentAndThatPrecedesTheMounts(t *testing.T) {
	sources := mounted(t, "http://cas", "--server.port=2001")
	sources.environment["SERVER__PORT"] = "2002"
	sources.environment["SERVER__DRAIN_WAIT"] = "0.5"
	sources.environment["SECURITY__OAUTH2__RESOURCE__ID"] = "other"
	settings, err := sources.Load()
	if err != nil {
		t.Fatal(err)
	}
	if settings.Port != 2001 || settings.ManagementPort != 12001 || settings.DrainWait != 500*time.Millisecond {
		t.Error(settings.Port, settings.ManagementPort, settings.DrainWait)
	}
	if settings.ResourceID != "other" || settings.ClientSecret != "hush-hush" || settings.TokenInfoURI != "http://cas/oauth/check_token" {
		t.Error(settings.ResourceID, settings.TokenInfoURI)
	}
}

func TestAnErrorNamesSourceAndKeyAndNeverASecret(t *testing.T) {
	for _, row := range []struct{ old, new, words string }{
		{`"id": "go-service"`, `"ib": "go-service"`, "application.yaml: security.oauth2.resource.ib: unknown key"},
		{`"id": "go-service",`, ``, "security.oauth2.resource.id: required"},
		{`"http://cas"`, `"cas"`, "callback.url: takes an http or https URL"},
		{`"http://cas"`, `["http://cas"]`, "callback.url: takes a text or a number"},
		{`{`, `server: {`, "application.yaml: not a JSON object"},
	} {
		sources := mounted(t, "http://cas")
		edit(t, sources, row.old, row.new)
		if _, err := sources.Load(); err == nil || !strings.Contains(err.Error(), row.words) {
			t.Errorf("%s: %v", row.words, err)
		}
	}
	for flag, words := range map[string]string{
		"--server.port=70000":                                    "flag: server.port: takes a port",
		"--server.drain-wait=-1s":                                "flag: server.drain-wait: takes a duration",
		"--client.timeout=0":                                     "flag: client.timeout: takes a duration",
		"--discovery.mode=static":                                "discovery.table: required",
		"--discovery.mode=magic":                                 "takes one of dns, static",
		"--security.oauth2.resource.cache-size=0":                "takes a whole number",
		"--security.oauth2.client.access-token-uri=http://a:b@c": "takes an http or https URL",
		"server.port=1":                                          "write flags as --key=value",
	} {
		if _, err := mounted(t, "http://cas", flag).Load(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestProdRefusesTheDemoSecret(t *testing.T) {
	sources := mounted(t, "http://cas", "--security.oauth2.client.client-secret=go-service-123")
	if _, err := sources.Load(); err != nil {
		t.Error(err)
	}
	sources.environment["PROFILES_ACTIVE"] = "kubernetes, prod"
	if _, err := sources.Load(); err == nil || !strings.Contains(err.Error(), "demo secret") || strings.Contains(err.Error(), "-123") {
		t.Error(err)
	}
}

func TestAnEditTakesEffectAsAWholeAndARefusedOneNotAtAll(t *testing.T) {
	one := newSuite(t)
	service := started(t, one)
	live, first := service.live, service.live.Settings()
	changes := 0
	live.OnChange(func() { changes++ })

	live.reload(first)
	if changes != 0 {
		t.Error("changed without an edit")
	}
	edit(t, live.sources, `"id": "go-service"`, `"id": ""`)
	live.reload(first)
	live.reload(first)
	if live.Settings() != first || !live.Refused() || strings.Count(service.logged.String(), "refused") != 1 {
		t.Error(service.logged)
	}
	edit(t, live.sources, `"id": ""`, `"id": "other"`)
	live.reload(first)
	if live.Settings().ResourceID != "other" || live.Refused() || live.RestartRequired() || changes != 1 {
		t.Error(live.Settings().ResourceID, changes)
	}
	if service.bearing("/api/me").Code != 401 {
		t.Error("another audience is still served")
	}
	write(t, filepath.Join(live.sources.secretsDir, "security.oauth2.client.client-secret"), "newer")
	edit(t, live.sources, `"callback"`, `"server": {"port": 1}, "callback"`)
	live.reload(first)
	if live.Settings().ClientSecret != "newer" || !live.RestartRequired() {
		t.Error("the Secret's edit, or the port's")
	}
}

func TestANameIsLookedUpInTheTable(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table.json")
	write(t, table, `{"web.here:80": "127.0.0.1:1", "web.there:80": "127.0.0.1:2"}`)
	settings := &Settings{DiscoveryMode: "static", DiscoveryTable: table, Namespace: "here"}
	for address, want := range map[string]string{
		"web:80":                          "127.0.0.1:1",
		"web.there:80":                    "127.0.0.1:2",
		"web.there.svc.cluster.local.:80": "127.0.0.1:2",
		"10.0.0.1:80":                     "10.0.0.1:80",
		"localhost:80":                    "localhost:80",
	} {
		if found, err := lookUp(settings, address); found != want || err != nil {
			t.Error(address, found, err)
		}
	}
	if _, err := lookUp(settings, "web:81"); err == nil || err.Error() != "no Service web:81 in here" {
		t.Error(err)
	}
}

func edit(t *testing.T, sources Sources, old, new string) {
	t.Helper()
	file := filepath.Join(sources.configDir, "application.yaml")
	content, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(content), old) {
		t.Fatal(old, err)
	}
	write(t, file, strings.Replace(string(content), old, new, 1))
}
