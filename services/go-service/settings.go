package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Settings of one moment. Keys, defaults and meanings are those of docs/settings.md.
type Settings struct {
	Name             string
	Address          string
	Port             int
	ManagementPort   int
	RequestTimeout   time.Duration
	ConnectionAge    time.Duration
	DrainWait        time.Duration
	ShutdownTimeout  time.Duration
	ResourceID       string
	TokenInfoURI     string
	CacheTTL         time.Duration
	NegativeCacheTTL time.Duration
	CacheSize        int
	ClientID         string
	ClientSecret     string
	AccessTokenURI   string
	ConnectTimeout   time.Duration
	Timeout          time.Duration
	SourceAddress    string
	DiscoveryMode    string
	DiscoveryTable   string
	// CallbackURL is the base URL of the service that is called back.
	CallbackURL string

	Profiles  []string
	Pod       string
	Namespace string
	// Hash of the ConfigMap; a Secret is not part of it.
	Hash string
}

// setting says where a key's text goes.
type setting struct {
	key     string
	initial string
	set     func(text string) error
}

func (s *Settings) keys() []setting {
	return []setting{
		{"spring.application.name", name, text(&s.Name)},
		{"server.address", "0.0.0.0", text(&s.Address)},
		{"server.port", "8080", port(&s.Port)},
		{"management.server.port", "", port(&s.ManagementPort)},
		{"server.request-timeout", "5s", duration(&s.RequestTimeout, 1)},
		{"server.max-connection-age", "60s", duration(&s.ConnectionAge, 0)},
		{"server.drain-wait", "5s", duration(&s.DrainWait, 0)},
		{"server.shutdown-timeout", "20s", duration(&s.ShutdownTimeout, 0)},
		{"security.oauth2.resource.id", "", required(&s.ResourceID)},
		{"security.oauth2.resource.token-info-uri", "", address(&s.TokenInfoURI)},
		{"security.oauth2.resource.cache-ttl", "2s", duration(&s.CacheTTL, 0)},
		{"security.oauth2.resource.negative-cache-ttl", "1s", duration(&s.NegativeCacheTTL, 0)},
		{"security.oauth2.resource.cache-size", "10000", count(&s.CacheSize)},
		{"security.oauth2.client.client-id", "", required(&s.ClientID)},
		{"security.oauth2.client.client-secret", "", required(&s.ClientSecret)},
		{"security.oauth2.client.access-token-uri", "", address(&s.AccessTokenURI)},
		{"client.connect-timeout", "1s", duration(&s.ConnectTimeout, 1)},
		{"client.timeout", "5s", duration(&s.Timeout, 1)},
		{"client.source-address", "", text(&s.SourceAddress)},
		{"discovery.mode", "dns", oneOf(&s.DiscoveryMode, "dns", "static")},
		{"discovery.table", "", text(&s.DiscoveryTable)},
		{"callback.url", "", address(&s.CallbackURL)},
	}
}

// Sources are where settings come from: flags, then the environment, Secret and ConfigMap.
type Sources struct {
	flags       []string
	environment map[string]string
	configDir   string
	secretsDir  string
}

func newSources(arguments, environment []string) Sources {
	variables := map[string]string{}
	for _, entry := range environment {
		key, value, _ := strings.Cut(entry, "=")
		variables[key] = value
	}
	directory := func(variable string) string {
		if variables[variable] == "" {
			return os.DevNull // nothing is below it
		}
		return variables[variable]
	}
	return Sources{arguments, variables, directory("CONFIG_DIR"), directory("SECRETS_DIR")}
}

// Load reads all sources. An error is one line with source and key, and never has a value of a Secret.
func (s Sources) Load() (*Settings, error) {
	settings := &Settings{
		Profiles:  strings.FieldsFunc(s.environment["PROFILES_ACTIVE"], func(r rune) bool { return r == ',' || r == ' ' }),
		Pod:       s.environment["POD_NAME"],
		Namespace: s.environment["POD_NAMESPACE"],
	}
	if settings.Namespace == "" {
		settings.Namespace = "default"
	}
	file := filepath.Join(s.configDir, "application.yaml")
	content, err := os.ReadFile(file)
	if err != nil && !absent(err) {
		return nil, err
	}
	settings.Hash = digest(string(content))[:12]
	values := map[string]value{}
	known := settings.keys()
	if err := errors.Join(
		addJSON(values, known, file, content),
		s.addSecrets(values, known),
		s.addEnvironment(values, known),
		s.addFlags(values, known),
	); err != nil {
		return nil, err
	}
	for _, one := range known {
		found, ok := values[one.key]
		if !ok {
			found = value{one.initial, "no source has it"}
		}
		if err := one.set(found.text); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", found.source, one.key, err)
		}
	}
	return settings, settings.check()
}

func (s *Settings) check() error {
	if s.ManagementPort == 0 && s.Port != 0 {
		s.ManagementPort = s.Port + 10_000
	}
	if s.DiscoveryMode == "static" && s.DiscoveryTable == "" {
		return errors.New("discovery.table: required by discovery.mode static")
	}
	for _, profile := range s.Profiles {
		if profile == "prod" && s.ClientSecret == s.ClientID+"-123" {
			return errors.New("security.oauth2.client.client-secret: a demo secret, which prod refuses")
		}
	}
	return nil
}

type value struct{ text, source string }

func add(values map[string]value, known []setting, key string, found value) error {
	for _, one := range known {
		if one.key == key {
			values[key] = found
			return nil
		}
	}
	return fmt.Errorf("%s: %s: unknown key", found.source, key)
}

// addJSON adds the ConfigMap's document. JSON is YAML as well, so that all tools of the suite read
// the same application.yaml as this service, whose standard library has no YAML.
func addJSON(values map[string]value, known []setting, file string, content []byte) error {
	if len(content) == 0 {
		return nil
	}
	var document map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		return fmt.Errorf("%s: not a JSON object: %w", file, err)
	}
	return addTree(values, known, file, "", document)
}

func addTree(values map[string]value, known []setting, file, prefix string, tree map[string]any) error {
	for key, node := range tree {
		var err error
		switch found := node.(type) {
		case map[string]any:
			err = addTree(values, known, file, prefix+key+".", found)
		case string:
			err = add(values, known, prefix+key, value{found, file})
		case json.Number, bool:
			err = add(values, known, prefix+key, value{fmt.Sprint(found), file})
		default:
			err = fmt.Errorf("%s: %s%s: takes a text or a number", file, prefix, key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s Sources) addSecrets(values map[string]value, known []setting) error {
	entries, err := os.ReadDir(s.secretsDir)
	if err != nil && !absent(err) {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") { // kubelet's own: ..data
			continue
		}
		file := filepath.Join(s.secretsDir, entry.Name())
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text := strings.TrimRight(string(content), "\r\n")
		if err := add(values, known, entry.Name(), value{text, file}); err != nil {
			return err
		}
	}
	return nil
}

// addEnvironment reads SERVER__DRAIN_WAIT as server.drain-wait; other variables are not settings.
func (s Sources) addEnvironment(values map[string]value, known []setting) error {
	for _, one := range known {
		variable := strings.ToUpper(strings.NewReplacer(".", "__", "-", "_").Replace(one.key))
		if text, ok := s.environment[variable]; ok {
			values[one.key] = value{text, variable}
		}
	}
	return nil
}

func (s Sources) addFlags(values map[string]value, known []setting) error {
	for _, flag := range s.flags {
		key, text, ok := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if !ok || !strings.HasPrefix(flag, "--") {
			return fmt.Errorf("%s: write flags as --key=value", flag)
		}
		if err := add(values, known, key, value{text, "flag"}); err != nil {
			return err
		}
	}
	return nil
}

func text(to *string) func(string) error {
	return func(text string) error { *to = text; return nil }
}

func required(to *string) func(string) error {
	return func(text string) error {
		if *to = text; text == "" {
			return errors.New("required")
		}
		return nil
	}
}

func oneOf(to *string, allowed ...string) func(string) error {
	return func(text string) error {
		*to = text
		for _, one := range allowed {
			if one == text {
				return nil
			}
		}
		return fmt.Errorf("takes one of %s", strings.Join(allowed, ", "))
	}
}

func address(to *string) func(string) error {
	return func(text string) error {
		parsed, err := url.Parse(text)
		if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Scheme != "http" && parsed.Scheme != "https" {
			return errors.New("takes an http or https URL")
		}
		*to = strings.TrimSuffix(text, "/")
		return nil
	}
}

func port(to *int) func(string) error {
	return func(text string) error {
		if text == "" {
			return nil
		}
		number, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return errors.New("takes a port")
		}
		*to = int(number)
		return nil
	}
}

func count(to *int) func(string) error {
	return func(text string) error {
		number, err := strconv.ParseUint(text, 10, 31)
		if err != nil || number == 0 {
			return errors.New("takes a whole number from 1 on")
		}
		*to = int(number)
		return nil
	}
}

// duration takes seconds, or a number with ms, s, m or h.
func duration(to *time.Duration, shortest time.Duration) func(string) error {
	return func(text string) error {
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			text += "s"
		}
		parsed, err := time.ParseDuration(text)
		if err != nil || parsed < shortest {
			return errors.New("takes a duration such as 500ms or 2s")
		}
		*to = parsed
		return nil
	}
}

// absent says that a mount is not there, which is no error: what it should have had is missed by key.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }
