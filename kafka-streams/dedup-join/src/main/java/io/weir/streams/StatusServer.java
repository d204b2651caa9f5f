package io.weir.streams;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * The HTTP endpoints: {@code /pipelines} returns the full status, {@code /metrics} the Prometheus
 * metrics, and the probes {@code /ready} and {@code /live} return 200 or 503. A looping pipeline is
 * not ready, so that a failing rollout stops at its first pod. But it is live: a new process would
 * fail the same way, and the healthy pipelines and partitions would lose their state.
 */
final class StatusServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final HttpServer server;

  StatusServer(InetSocketAddress address, Runner runner) throws IOException {
    server = HttpServer.create(address, 0);
    route("/pipelines", () -> true, runner);
    route("/ready", runner::isReady, runner);
    route("/live", () -> !runner.isBroken(), runner);
    server.createContext(
        "/metrics",
        exchange -> {
          byte[] body = Metrics.of(runner.status()).getBytes(StandardCharsets.UTF_8);
          answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", body);
        });
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void route(String path, Supplier<Boolean> good, Runner runner) {
    server.createContext(
        path,
        exchange -> {
          byte[] body = JSON.writeValueAsBytes(runner.status());
          answer(exchange, good.get() ? 200 : 503, "application/json", body);
        });
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] bytes)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length);
    try (exchange) {
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
