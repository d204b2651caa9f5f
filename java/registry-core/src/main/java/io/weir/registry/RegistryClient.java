package io.weir.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two calls of the Confluent REST API that readers and writers need: {@code GET
 * /schemas/ids/{id}} and {@code POST /subjects/{subject}/versions}.
 *
 * <p>A schema counts as missing only if the registry says so, with status 404 and error code 40403.
 * Any other failure, including a 404 from a wrong URL, says nothing about the record.
 */
final class RegistryClient {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SCHEMA_NOT_FOUND = 40403;
  private static final long FIRST_BACKOFF_MILLIS = 100;
  private static final long LONGEST_BACKOFF_MILLIS = 5_000;
  private static final int QUOTED_CHARACTERS = 200;

  private final RegistryConfig config;
  private final HttpClient http;

  RegistryClient(RegistryConfig config) throws IOException {
    this.config = config;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(config.requestTimeout());
    if (config.truststoreLocation() != null) {
      builder.sslContext(Truststore.load(config));
    }
    this.http = builder.build();
  }

  /**
   * Fetches a schema and retries transient failures.
   *
   * @param onRequest runs before each request
   * @return the registry's answer, or empty if it has no schema with this id
   * @throws IOException if the last attempt gave no usable answer
   */
  Optional<JsonNode> fetch(int id, Runnable onRequest) throws IOException {
    return repeated(
        "schema " + id,
        () -> {
          onRequest.run();
          HttpRequest.Builder request = request("/schemas/ids/" + id).GET();
          return answer(send(request), "schema");
        });
  }

  /**
   * Posts a body and retries transient failures.
   *
   * @throws IOException if the registry rejects it, or if the last attempt gave no usable answer
   */
  JsonNode post(String path, String body) throws IOException {
    return repeated(
            path,
            () -> {
              HttpRequest.Builder request =
                  request(path)
                      .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                      .POST(HttpRequest.BodyPublishers.ofString(body));
              return answer(send(request), "id");
            })
        .orElseThrow(() -> new IOException("The registry has no " + path));
  }

  /** A single attempt of a request. */
  private interface Attempt {
    Optional<JsonNode> run() throws IOException;
  }

  private Optional<JsonNode> repeated(String what, Attempt request) throws IOException {
    long backoff = FIRST_BACKOFF_MILLIS;
    for (int attempt = 0; ; attempt++) {
      try {
        return request.run();
      } catch (PassingFailure e) {
        if (attempt >= config.maxRetries()) {
          throw new IOException(
              "No " + what + " from " + config.url() + " in " + (attempt + 1) + " attempts", e);
        }
        LOG.warn("Still no {}; next attempt in {} ms: {}", what, backoff, e.getMessage());
        pause(backoff);
        backoff = Math.min(2 * backoff, LONGEST_BACKOFF_MILLIS);
      }
    }
  }

  private String password() throws IOException {
    return config.passwordPath() == null
        ? config.password()
        : Files.readString(Path.of(config.passwordPath())).strip();
  }

  private HttpRequest.Builder request(String path) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(config.url() + path))
            .header("Accept", "application/vnd.schemaregistry.v1+json, application/json");
    if (config.username() != null) {
      byte[] pair = (config.username() + ":" + password()).getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair));
    }
    return request;
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    CompletableFuture<HttpResponse<String>> response =
        http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
    try {
      // The request's own timeout ends with the headers; this one includes the body.
      return response.get(config.requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new PassingFailure("no answer within " + config.requestTimeout(), e);
    } catch (ExecutionException e) {
      throw new PassingFailure(e.getCause().toString(), e.getCause());
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      response.cancel(true);
    }
  }

  /**
   * @param field a field that every usable answer has
   */
  private static Optional<JsonNode> answer(HttpResponse<String> response, String field)
      throws IOException {
    int status = response.statusCode();
    String what = "status " + status + " from " + response.uri() + ": " + quote(response.body());
    if (status == 408 || status == 429 || status >= 500) {
      throw new PassingFailure(what, null);
    }
    JsonNode body = parse(response.body());
    if (status == 200) {
      if (!body.path(field).isTextual() && !body.path(field).isInt()) {
        throw new PassingFailure("an answer without " + field + ", " + what, null);
      }
      return Optional.of(body);
    }
    if (status == 404 && body.path("error_code").asInt() == SCHEMA_NOT_FOUND) {
      return Optional.empty();
    }
    throw new IOException(
        "The registry refused the request: "
            + what
            + ". Check the registry's url and the credentials");
  }

  private static JsonNode parse(String body) {
    try {
      JsonNode node = JSON.readTree(body);
      return node == null ? JSON.missingNode() : node;
    } catch (JsonProcessingException e) {
      return JSON.missingNode();
    }
  }

  private static String quote(String body) {
    return body.length() <= QUOTED_CHARACTERS ? body : body.substring(0, QUOTED_CHARACTERS) + "...";
  }

  private static void pause(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /** Restores the interrupt flag, so that a cancelled task stops waiting for the registry. */
  static InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("Interrupted while waiting for the schema registry");
  }

  /** A transient failure, worth a retry. */
  private static final class PassingFailure extends IOException {
    PassingFailure(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
