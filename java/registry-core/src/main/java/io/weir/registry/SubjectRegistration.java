package io.weir.registry;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Map;

/** Registers what this process writes. Safe to repeat: the same schema has the same id. */
public final class SubjectRegistration {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final RegistryClient client;

  public SubjectRegistration(RegistryConfig config) throws IOException {
    client = new RegistryClient(config);
  }

  /**
   * The id of {@code schema} under {@code subject}.
   *
   * @throws IOException if the registry refuses the schema or does not answer
   */
  public int register(String subject, String schema) throws IOException {
    String body = JSON.writeValueAsString(Map.of("schema", schema));
    return client.post("/subjects/" + subject + "/versions", body).path("id").asInt();
  }
}
