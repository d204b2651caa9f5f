package io.weir.registry;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Map;

/**
 * Registers the schemas that this process writes. Safe to repeat: the same schema gets the same id.
 */
public final class SubjectRegistration {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final RegistryClient client;

  public SubjectRegistration(RegistryConfig config) throws IOException {
    client = new RegistryClient(config);
  }

  /**
   * Registers {@code schema} under {@code subject} and returns its id.
   *
   * @throws IOException if the registry rejects the schema or does not answer
   */
  public int register(String subject, String schema) throws IOException {
    String body = JSON.writeValueAsString(Map.of("schema", schema));
    return client.post("/subjects/" + subject + "/versions", body).path("id").asInt();
  }
}
