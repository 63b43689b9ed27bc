import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.oauth2.config.annotation.web.configuration.EnableResourceServer;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Resource servers of Spring Security OAuth 2.x as it comes: one for each line of standard input, NAME SETTING... */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableResourceServer
@RestController
public class OldStack {
    public static void main(String[] arguments) throws Exception {
        for (String line : new String(System.in.readNBytes(Integer.parseInt(arguments[0]))).split("\n")) {
            String[] words = line.split(" ");
            String[] settings = new String[words.length - 1];
            for (int i = 1; i < words.length; i++) {
                settings[i - 1] = "--" + words[i];
            }
            var context = (ServletWebServerApplicationContext) SpringApplication.run(OldStack.class, settings);
            System.out.println("serving " + words[0] + " " + context.getWebServer().getPort());
        }
        System.in.read();  // until it is closed
        System.exit(0);
    }

    @GetMapping("/api/me")
    Map<String, Object> me(Authentication caller) {
        Map<String, Object> found = new TreeMap<>();
        found.put("name", caller.getName());
        found.put("authorities", caller.getAuthorities().stream().map(GrantedAuthority::getAuthority).sorted().collect(Collectors.toList()));
        return found;
    }
}
