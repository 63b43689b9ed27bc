import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Verify a JWT as Spring Security OAuth's `key-uri` does: with the one key of /oauth/token_key. */
class TokenKey {
    private static final Pattern PEM = Pattern.compile("-----BEGIN (.*)-----(.*)-----END (.*)-----", Pattern.DOTALL);
    private static final Pattern SUBJECT = Pattern.compile("\"sub\":\\s*\"([^\"]*)\"");

    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(arguments[0] + "/oauth/token_key")).build();
        String body = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
        String value = found(Pattern.compile("\"value\":\\s*\"([^\"]*)\""), body).group(1).replace("\\n", "\n");
        Matcher pem = found(PEM, value.trim());
        if (!pem.group(1).equals("PUBLIC KEY")) {
            throw new IllegalStateException(pem.group(1));
        }
        byte[] encoded = Base64.getMimeDecoder().decode(pem.group(2));
        PublicKey key = KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(encoded));
        for (int i = 1; i < arguments.length; i++) {
            String[] parts = arguments[i].split("\\.");
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initVerify(key);
            signature.update((parts[0] + "." + parts[1]).getBytes());
            boolean good = signature.verify(Base64.getUrlDecoder().decode(parts[2]));
            String claims = new String(Base64.getUrlDecoder().decode(parts[1]));
            System.out.println("RS256\t" + good + "\t" + found(SUBJECT, claims).group(1));
        }
    }

    private static Matcher found(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException(pattern + " is not in " + text);
        }
        return matcher;
    }
}
