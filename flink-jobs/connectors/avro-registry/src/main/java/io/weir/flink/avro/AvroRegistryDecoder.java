package io.weir.flink.avro;

import io.weir.flink.events.EventDecoder;
import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.RegistryConfig;
import io.weir.registry.SchemaRegistry;
import io.weir.registry.WireFormat;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Decodes values in the Confluent wire format.
 *
 * <p>Each row is a new object, and its strings are views of the Kafka value. It stays valid for as
 * long as an operator holds it, with or without object reuse.
 */
final class AvroRegistryDecoder implements EventDecoder {
  private final RegistryConfig config;
  private final String readerJson;
  private final RowType columns;

  private transient int arity;
  private transient SchemaRegistry registry;
  private transient Schema reader;
  private transient BinaryInput input;
  private transient Map<Integer, Decoder> decoders;
  private transient Decoder lastDecoder;
  private transient Counter registryRequests;

  AvroRegistryDecoder(RegistryConfig config, String readerJson, RowType columns) {
    this.config = config;
    this.readerJson = readerJson;
    this.columns = columns;
  }

  @Override
  public void open(InitializationContext context, int rowArity) throws IOException {
    arity = rowArity;
    registry = SchemaRegistry.shared(config);
    context
        .getUserCodeClassLoader()
        .registerReleaseHookIfAbsent(SchemaRegistry.class.getName(), SchemaRegistry::releaseShared);
    reader = ReaderSchema.parse(readerJson);
    input = new BinaryInput();
    decoders = new HashMap<>();
    registryRequests = context.getMetricGroup().counter("registryRequests");
  }

  @Override
  public GenericRowData decode(byte[] value) throws IOException, DecodeException {
    int id = WireFormat.schemaId(value);
    Decoder decoder = lastDecoder;
    if (decoder == null || decoder.schemaId != id) {
      decoder = decoder(id);
      lastDecoder = decoder;
    }
    if (decoder.failure != null) {
      throw decoder.failure;
    }
    input.reset(value, WireFormat.HEADER_BYTES);
    GenericRowData row = (GenericRowData) decoder.reader.read(input);
    if (input.remaining() > 0) {
      throw new DecodeException(
          DecodeError.TRAILING_BYTES, input.remaining() + " extra bytes after the record");
    }
    return row;
  }

  /** Caches a decoder for each schema id that the registry knows, without expiry. */
  private Decoder decoder(int id) throws IOException, DecodeException {
    Decoder decoder = decoders.get(id);
    if (decoder == null) {
      decoder = compile(id, registry.byId(id, registryRequests::inc));
      decoders.put(id, decoder);
    }
    return decoder;
  }

  private Decoder compile(int id, Schema writer) {
    try {
      return new Decoder(id, DecoderCompiler.compile(writer, reader, columns, arity), null);
    } catch (DecodeException e) {
      return new Decoder(id, null, e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AvroRegistryDecoder that
        && config.equals(that.config)
        && readerJson.equals(that.readerJson)
        && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return Objects.hash(config, readerJson, columns);
  }

  /** The reader of one writer schema, or why there is none. */
  private record Decoder(int schemaId, ValueReader reader, DecodeException failure) {}
}
