package io.weir.registry;

import java.io.IOException;
import org.apache.avro.Schema;

/** Looks up writer schemas. */
@FunctionalInterface
public interface SchemaLookup {
  /**
   * Returns the schema with this id.
   *
   * @throws DecodeException if there is none, or if it is not an Avro schema
   * @throws IOException if the lookup fails
   */
  Schema byId(int id) throws IOException, DecodeException;

  /** Returns the registry with this configuration, shared by the whole JVM. */
  static SchemaLookup of(RegistryConfig config) throws IOException {
    SchemaRegistry registry = SchemaRegistry.shared(config);
    return id -> registry.byId(id, () -> {});
  }
}
