package news.stack;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Starts one Elasticsearch node for development: {@code NodeMain CONFIG_FOLDER NAME=VALUE...}.
 *
 * <p>There is no security, there are no entitlements and no bootstrap checks, so nothing but loopback is served.
 */
public final class NodeMain {
    private static final int CLOSE_SECONDS = 20;

    private NodeMain() {}

    public static void main(String[] arguments) throws Exception {
        try {
            start(Path.of(arguments[0]), settings(arguments));
        } catch (Exception | Error fault) {
            fault.printStackTrace();
            // Threads of a half-started node would keep the process alive.
            Runtime.getRuntime().halt(1);
        }
        new CountDownLatch(1).await();
    }

    private static Settings settings(String[] arguments) {
        Settings.Builder settings = Settings.builder();
        for (int i = 1; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        return settings.put("network.host", "127.0.0.1").put("discovery.type", "single-node").build();
    }

    private static void start(Path config, Settings settings) throws Exception {
        long begun = System.nanoTime();
        LogConfigurator.registerErrorListener();
        LogConfigurator.setNodeName(settings.get("node.name"));
        LogConfigurator.configureESLogging();
        Environment environment = new Environment(settings, config);
        Files.createDirectories(environment.logsDir());
        LogConfigurator.configure(environment, true);
        Node node = new Node(environment, plugins(environment));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node), "close"));
        node.start();
        System.out.printf("READY %d ms%n", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
    }

    private static PluginsLoader plugins(Environment environment) {
        return PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), false),
            PluginsLoader.loadPluginsBundles(environment.pluginsDir(), false),
            Map.of(),
            false);
    }

    private static void close(Node node) {
        try {
            node.prepareForClose();
            node.close();
            node.awaitClose(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception fault) {
            fault.printStackTrace();
        }
    }
}
