package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusServerTest {
  @TempDir Path folder;

  private Runner runner;
  private StatusServer server;

  @BeforeEach
  void start() throws IOException {
    runner = new Runner(folder, folder.resolve("state"), new Properties());
    server = new StatusServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), runner);
  }

  @AfterEach
  void stop() {
    server.close();
    runner.close();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    URI address = URI.create("http://127.0.0.1:%d%s".formatted(server.port(), path));
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aRefusedPlanIsAliveAndNotReadyAndSaysWhy() throws IOException, InterruptedException {
    Files.writeString(folder.resolve("orders.json"), "{\"no\": \"plan\"}");
    runner.step();
    JsonNode told = new ObjectMapper().readTree(get("/pipelines").body()).get("orders");
    assertThat(told.get("state").asText()).isEqualTo("REFUSED");
    assertThat(told.get("message").asText()).contains("no");
    assertThat(get("/ready").statusCode()).isEqualTo(503);
    assertThat(get("/live").statusCode()).isEqualTo(200);
    assertThat(get("/metrics").body()).contains("weir_pipeline_running{pipeline=\"orders\"} 0\n");
  }

  @Test
  void metricsTellFailuresAndCounters() {
    String text =
        Metrics.of(
            Map.of(
                "orders",
                Map.of(
                    "state",
                    "LOOPING",
                    "failures",
                    7L,
                    "failures_since_progress",
                    3,
                    "counters",
                    Map.of("received", 12L))));
    assertThat(text)
        .contains(
            "# TYPE weir_pipeline_running gauge\nweir_pipeline_running{pipeline=\"orders\"} 0\n")
        .contains("weir_pipeline_failures_since_progress{pipeline=\"orders\"} 3\n")
        .contains("# TYPE weir_pipeline_failures_total counter\n")
        .contains("weir_pipeline_failures_total{pipeline=\"orders\"} 7\n")
        .contains("weir_pipeline_received_total{pipeline=\"orders\"} 12\n")
        .endsWith("\n");
  }
}
