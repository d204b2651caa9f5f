package io.weir.flink.avro;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.weir.registry.RegistryConfig;
import io.weir.registry.RegistryConfig.TruststoreType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.avro.Schema;

/** A registry on a free port that answers like Apicurio 3.3 under /apis/ccompat/v7. */
final class TestRegistry implements AutoCloseable {
  private static final String PATH = "/apis/ccompat/v7/schemas/ids/";

  final List<String> requests = new CopyOnWriteArrayList<>();
  final List<String> authorizations = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<Integer, String> bodies = new ConcurrentHashMap<>();
  private volatile Failure failure = exchange -> false;

  /** Answers a request instead of the registry. */
  interface Failure {
    /** Returns whether it has answered. */
    boolean answer(HttpExchange exchange) throws IOException;
  }

  TestRegistry() {
    this(newServer());
  }

  TestRegistry(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  static {
    // The JDK's server sends headers and body separately; without this, each response takes 40 ms.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private static HttpServer newServer() {
    try {
      return HttpServer.create(loopback(), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  void register(int id, Schema schema) {
    String text = schema.toString().replace("\\", "\\\\").replace("\"", "\\\"");
    registerBody(id, "{\"schema\":\"" + text + "\"}");
  }

  void registerBody(int id, String body) {
    bodies.put(id, body);
  }

  void failWith(int status, String body) {
    failure =
        exchange -> {
          send(exchange, status, body);
          return true;
        };
  }

  void failWith(Failure failure) {
    this.failure = failure;
  }

  int port() {
    return server.getAddress().getPort();
  }

  String url() {
    return "http://localhost:" + port() + "/apis/ccompat/v7";
  }

  RegistryConfig config() {
    return config(0, Duration.ofSeconds(5));
  }

  RegistryConfig config(int maxRetries, Duration timeout) {
    return new RegistryConfig(
        url(), null, null, null, null, TruststoreType.PKCS12, timeout, maxRetries);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(path);
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    authorizations.add(authorization == null ? "" : authorization);
    if (failure.answer(exchange)) {
      return;
    }
    if (!path.startsWith(PATH)) {
      send(exchange, 404, "");
      return;
    }
    String id = path.substring(PATH.length());
    String body = bodies.get(Integer.valueOf(id));
    if (body == null) {
      send(exchange, 404, "{\"message\":\"Schema " + id + " not found.\",\"error_code\":40403}");
    } else {
      send(exchange, 200, body);
    }
  }

  static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
