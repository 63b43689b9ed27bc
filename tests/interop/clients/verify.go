// Verify JWTs with Go's own crypto and the published key set: verify.go CAS TOKEN...
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"strings"
)

type key struct{ Kid, Kty, Crv, X, Y, N, E string }

func raw(part string) []byte {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(part)
	check(err)
	return decoded
}

func number(part string) *big.Int { return new(big.Int).SetBytes(raw(part)) }

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func verified(alg string, one key, message string, signature []byte) bool {
	digest := sha256.Sum256([]byte(message))
	switch alg {
	case "ES256":
		public := ecdsa.PublicKey{Curve: elliptic.P256(), X: number(one.X), Y: number(one.Y)}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(&public, digest[:], r, s)
	case "EdDSA":
		return ed25519.Verify(raw(one.X), []byte(message), signature)
	case "RS256":
		public := rsa.PublicKey{N: number(one.N), E: int(number(one.E).Int64())}
		return rsa.VerifyPKCS1v15(&public, crypto.SHA256, digest[:], signature) == nil
	}
	return false
}

func main() {
	response, err := http.Get(os.Args[1] + "/oauth/jwks")
	check(err)
	defer response.Body.Close()
	var set struct{ Keys []key }
	check(json.NewDecoder(response.Body).Decode(&set))
	for _, token := range os.Args[2:] {
		parts := strings.Split(token, ".")
		var head struct{ Alg, Kid string }
		var body struct{ Sub string }
		check(json.Unmarshal(raw(parts[0]), &head))
		check(json.Unmarshal(raw(parts[1]), &body))
		good := false
		for _, one := range set.Keys {
			good = good || one.Kid == head.Kid && verified(head.Alg, one, parts[0]+"."+parts[1], raw(parts[2]))
		}
		fmt.Printf("%s\t%t\t%s\n", head.Alg, good, body.Sub)
	}
}
