import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Base64;

/** The JDK's client with its defaults: on plain http it offers h2c with each first request. */
class Jdk {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        String cas = arguments[0], rest = arguments[1], pair = arguments[2], bearer = arguments[3];
        String basic = "Basic " + Base64.getEncoder().encodeToString(pair.getBytes());
        String form = "application/x-www-form-urlencoded", json = "application/json";
        String token = "token=" + bearer, echo = "{\"said\":\"" + "x".repeat(40_000) + "\"}";
        say("token", cas + "/oauth/token", basic, form, text("grant_type=client_credentials"));
        say("introspect", cas + "/oauth/introspect", basic, form, text(token));
        say("check_token", cas + "/oauth/check_token", basic, form, text(token));
        say("echo", rest + "/api/echo", "Bearer " + bearer, json, text(echo));
        say("chunked", rest + "/api/echo", "Bearer " + bearer, json,
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(echo.getBytes())));
    }

    private static BodyPublisher text(String text) {
        return BodyPublishers.ofString(text);
    }

    private static void say(String call, String url, String authorization, String type, BodyPublisher body)
            throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
            .header("Authorization", authorization).header("Content-Type", type).POST(body).build();
        var response = CLIENT.send(request, BodyHandlers.ofString());
        System.out.println(call + "\t" + response.statusCode() + "\t" + response.body());
    }
}
