package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.DecodeException;
import io.weir.registry.RegistryConfig;
import io.weir.registry.RegistryConfig.TruststoreType;
import io.weir.registry.SchemaRegistry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaRegistryTest {
  private static final Schema SCHEMA =
      Wire.parse("{'type':'record','name':'R','fields':[{'name':'a','type':'int'}]}");
  private static final Runnable UNCOUNTED = () -> {};

  private final TestRegistry server = new TestRegistry();

  @AfterEach
  void close() {
    SchemaRegistry.releaseShared();
    server.close();
  }

  private SchemaRegistry registry(int maxRetries) throws IOException {
    return new SchemaRegistry(server.config(maxRetries, Duration.ofSeconds(5)), System::nanoTime);
  }

  @Test
  void asksOnceForASchemaInAJvmWhateverTheNumberOfSubtasks() throws Exception {
    server.register(1, SCHEMA);
    CountDownLatch start = new CountDownLatch(1);
    AtomicInteger requests = new AtomicInteger();
    ExecutorService subtasks = Executors.newFixedThreadPool(16);
    List<Future<Schema>> results = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      Callable<Schema> subtask =
          () -> {
            start.await();
            return SchemaRegistry.shared(server.config()).byId(1, requests::incrementAndGet);
          };
      results.add(subtasks.submit(subtask));
    }
    start.countDown();
    for (Future<Schema> result : results) {
      assertThat(result.get(20, TimeUnit.SECONDS)).isEqualTo(SCHEMA);
    }
    subtasks.shutdownNow();
    assertThat(server.requests).containsExactly("/apis/ccompat/v7/schemas/ids/1");
    assertThat(requests).hasValue(1);
  }

  @Test
  void anUnknownIdIsRememberedForAShortTimeOnly() throws Exception {
    AtomicLong now = new AtomicLong();
    SchemaRegistry registry = new SchemaRegistry(server.config(), now::get);
    assertUnknown(registry, 5);
    server.register(5, SCHEMA);
    now.addAndGet(Duration.ofSeconds(29).toNanos());
    assertUnknown(registry, 5);
    assertThat(server.requests).hasSize(1);
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(registry.byId(5, UNCOUNTED)).isEqualTo(SCHEMA);
    assertThat(server.requests).hasSize(2);
  }

  @Test
  void manyUnknownIdsDoNotFillTheHeapOrForgetAKnownOne() throws Exception {
    server.register(1, SCHEMA);
    SchemaRegistry registry = registry(0);
    registry.byId(1, UNCOUNTED);
    for (int id = 2; id < 10_100; id++) {
      assertUnknown(registry, id);
    }
    assertThat(registry.size()).isLessThanOrEqualTo(10_000);
    server.close();
    assertThat(registry.byId(1, UNCOUNTED)).isEqualTo(SCHEMA);
  }

  private static void assertUnknown(SchemaRegistry registry, int id) {
    assertThatThrownBy(() -> registry.byId(id, UNCOUNTED))
        .isInstanceOf(DecodeException.class)
        .hasMessage("unknown-schema-id: the registry has no schema " + id);
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 502, 503, 429, 408})
  void aFailureThatMayPassIsTriedAgain(int status) throws Exception {
    server.register(1, SCHEMA);
    AtomicInteger left = new AtomicInteger(2);
    server.failWith(
        exchange -> {
          if (left.getAndDecrement() <= 0) {
            return false;
          }
          TestRegistry.send(exchange, status, "busy");
          return true;
        });
    assertThat(registry(2).byId(1, UNCOUNTED)).isEqualTo(SCHEMA);
    assertThat(server.requests).hasSize(3);
  }

  @Test
  void afterTheLastAttemptTheJobFails() {
    server.failWith(503, "busy");
    assertThatThrownBy(() -> registry(2).byId(1, UNCOUNTED))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("3 attempts")
        .hasStackTraceContaining("status 503");
    assertThat(server.requests).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({"404,''", "404,'{\"status\":404}'", "401,''", "403,''", "302,''", "400,'{}'"})
  void anotherAnswerIsAMistakeInTheOptionsAndNoDeadLetter(int status, String body) {
    server.failWith(status, body);
    assertThatThrownBy(() -> registry(5).byId(1, UNCOUNTED))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("status " + status)
        .hasMessageContaining("the registry's url");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void anAnswerThatIsNoSchemaIsNoDeadLetter() {
    server.failWith(200, "<html>Log in</html>");
    assertThatThrownBy(() -> registry(1).byId(1, UNCOUNTED)).isInstanceOf(IOException.class);
    assertThat(server.requests).hasSize(2);
  }

  @Test
  void aClosedPortIsNoDeadLetter() {
    server.close();
    assertThatThrownBy(() -> registry(1).byId(1, UNCOUNTED))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("2 attempts");
  }

  @Test
  void aBodyThatNeverEndsTimesOut() {
    CountDownLatch closed = new CountDownLatch(1);
    server.failWith(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush();
          await(closed);
          return true;
        });
    RegistryConfig config = server.config(0, Duration.ofMillis(300));
    assertThatThrownBy(() -> new SchemaRegistry(config, System::nanoTime).byId(1, UNCOUNTED))
        .isInstanceOf(IOException.class)
        .hasStackTraceContaining("no answer within");
    closed.countDown();
  }

  @Test
  void aCancelledTaskStopsWaiting() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    server.failWith(
        exchange -> {
          asked.countDown();
          await(closed);
          return true;
        });
    RegistryConfig config = server.config(5, Duration.ofMinutes(5));
    ExecutorService task = Executors.newSingleThreadExecutor();
    Future<Schema> waiting =
        task.submit(() -> new SchemaRegistry(config, System::nanoTime).byId(1, UNCOUNTED));
    asked.await();
    task.shutdownNow();
    assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(InterruptedIOException.class);
    closed.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"schemaType\":\"JSON\",\"schema\":\"{}\"} | is of type JSON, not AVRO",
        "{\"schema\":\"{\"} | is not a valid Avro schema",
        "{\"schema\":\"\\\"int\\\"\",\"references\":[{\"name\":\"a\"}]} | refers to other schemas"
      })
  void aSchemaThatIsOfNoUseIsTheRecordsFault(String body, String reason) throws Exception {
    server.registerBody(1, body);
    SchemaRegistry registry = registry(0);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> registry.byId(1, UNCOUNTED))
          .isInstanceOf(DecodeException.class)
          .hasMessageStartingWith("incompatible-schema: schema 1 " + reason);
    }
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void sendsTheCredentialsAndNeverShowsThem() throws Exception {
    server.failWith(401, "");
    RegistryConfig config =
        new RegistryConfig(
            server.url(),
            "reader",
            "s3cret",
            null,
            null,
            TruststoreType.PKCS12,
            Duration.ofSeconds(5),
            0);
    assertThatThrownBy(() -> new SchemaRegistry(config, System::nanoTime).byId(1, UNCOUNTED))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("s3cret").doesNotContain("reader"));
    String pair = Base64.getEncoder().encodeToString("reader:s3cret".getBytes());
    assertThat(server.authorizations).containsExactly("Basic " + pair);
    assertThat(config.toString()).doesNotContain("s3cret").doesNotContain("reader");
  }

  @Test
  void readsThePasswordFromItsFileAtEveryRequest(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "first\n");
    RegistryConfig config =
        new RegistryConfig(
            server.url(),
            "reader",
            null,
            file.toString(),
            null,
            null,
            TruststoreType.PKCS12,
            Duration.ofSeconds(5),
            0);
    server.failWith(401, "");
    SchemaRegistry registry = new SchemaRegistry(config, System::nanoTime);
    assertThatThrownBy(() -> registry.byId(1, UNCOUNTED)).isInstanceOf(IOException.class);
    Files.writeString(file, "second");
    assertThatThrownBy(() -> registry.byId(1, UNCOUNTED)).isInstanceOf(IOException.class);
    List<String> passwords =
        server.authorizations.stream()
            .map(value -> new String(Base64.getDecoder().decode(value.substring(6))))
            .toList();
    assertThat(passwords).containsExactly("reader:first", "reader:second");
  }
}
