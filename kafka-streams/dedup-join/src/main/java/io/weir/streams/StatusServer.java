package io.weir.streams;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/**
 * What the outside asks: {@code /pipelines} tells all, {@code /ready} and {@code /live} answer the
 * probes with 200 or 503.
 */
final class StatusServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final HttpServer server;

  StatusServer(InetSocketAddress address, Runner runner) throws IOException {
    server = HttpServer.create(address, 0);
    route("/pipelines", () -> true, runner);
    route("/ready", runner::isReady, runner);
    route("/live", () -> !runner.isBroken(), runner);
    server.start();
  }

  private void route(String path, Supplier<Boolean> good, Runner runner) {
    server.createContext(
        path, exchange -> answer(exchange, good.get() ? 200 : 503, runner.status()));
  }

  private static void answer(HttpExchange exchange, int status, Object body) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(body);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
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
