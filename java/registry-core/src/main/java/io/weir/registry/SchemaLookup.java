package io.weir.registry;

import java.io.IOException;
import org.apache.avro.Schema;

/** Where writer schemas come from. */
@FunctionalInterface
public interface SchemaLookup {
  /**
   * The schema of this id.
   *
   * @throws DecodeException if there is none, or it is no Avro schema
   * @throws IOException if it could not be asked for
   */
  Schema byId(int id) throws IOException, DecodeException;

  /** The registry of this configuration, shared by the whole JVM. */
  static SchemaLookup of(RegistryConfig config) throws IOException {
    SchemaRegistry registry = SchemaRegistry.shared(config);
    return id -> registry.byId(id, () -> {});
  }
}
