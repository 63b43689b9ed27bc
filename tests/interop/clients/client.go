// Go's net/http with its defaults.
package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	cas, rest, pair, bearer := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	form, json := "application/x-www-form-urlencoded", "application/json"
	token, echo := "token="+bearer, `{"said":"`+strings.Repeat("x", 40_000)+`"}`
	say("token", cas+"/oauth/token", basic, form, strings.NewReader("grant_type=client_credentials"))
	say("introspect", cas+"/oauth/introspect", basic, form, strings.NewReader(token))
	say("check_token", cas+"/oauth/check_token", basic, form, strings.NewReader(token))
	say("echo", rest+"/api/echo", "Bearer "+bearer, json, strings.NewReader(echo))
	// A reader of unknown length goes in chunks.
	say("chunked", rest+"/api/echo", "Bearer "+bearer, json, io.MultiReader(strings.NewReader(echo)))
}

func say(call, url, authorization, kind string, body io.Reader) {
	request, err := http.NewRequest("POST", url, body)
	check(err)
	request.Header.Set("Authorization", authorization)
	request.Header.Set("Content-Type", kind)
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err)
	fmt.Printf("%s\t%d\t%s\n", call, response.StatusCode, text)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
