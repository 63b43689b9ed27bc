import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Resource servers of Spring Boot 3 as it comes: one for each line of standard input, NAME SETTING... */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class Boot3 {
    public static void main(String[] arguments) throws Exception {
        for (String line : new String(System.in.readNBytes(Integer.parseInt(arguments[0]))).split("\n")) {
            String[] words = line.split(" ");
            String[] settings = new String[words.length - 1];
            for (int i = 1; i < words.length; i++) {
                settings[i - 1] = "--" + words[i];
            }
            var context = (ServletWebServerApplicationContext) SpringApplication.run(Boot3.class, settings);
            System.out.println("serving " + words[0] + " " + context.getWebServer().getPort());
        }
        System.in.read();  // until it is closed
        System.exit(0);
    }

    @GetMapping("/api/me")
    Map<String, Object> me(Authentication caller) {
        Map<String, Object> found = new TreeMap<>();
        found.put("name", caller.getName());
        found.put("authorities", caller.getAuthorities().stream().map(GrantedAuthority::getAuthority).sorted().toList());
        return found;
    }

    /** The access token of who has logged in; renewed where it ends within a minute. */
    @GetMapping("/api/token")
    String token(@RegisteredOAuth2AuthorizedClient("cas") OAuth2AuthorizedClient client) {
        return client.getAccessToken().getTokenValue();
    }

    /** As docs/move-a-spring-service.md has it: a logout here is one at the authorization server. */
    @Bean
    @ConditionalOnProperty("logged-out")
    SecurityFilterChain people(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
        var logout = new OidcClientInitiatedLogoutSuccessHandler(clients);
        logout.setPostLogoutRedirectUri("{baseUrl}/logged-out");
        return http
            .authorizeHttpRequests(requests -> requests.requestMatchers("/logged-out").permitAll().anyRequest().authenticated())
            .oauth2Login(Customizer.withDefaults())
            .oauth2Client(Customizer.withDefaults())
            .logout(form -> form.logoutSuccessHandler(logout))
            .build();
    }

    @GetMapping("/logged-out")
    String loggedOut() {
        return "logged out";
    }

    /** As docs/move-a-spring-service.md has it, for clients whose tokens keep the type of RFC 9068. */
    @Bean
    @ConditionalOnProperty("typed")
    JwtDecoder typed(org.springframework.core.env.Environment environment) {
        return NimbusJwtDecoder.withJwkSetUri(environment.getProperty("typed"))
            .jwsAlgorithm(SignatureAlgorithm.ES256)
            .jwtProcessorCustomizer(p -> p.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt"))))
            .build();
    }
}
