package io.weir.flink.avro;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.RegistryConfig;
import io.weir.registry.SchemaRegistry;
import io.weir.registry.WireFormat;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Turns Kafka values into rows: the columns, then the metadata columns. A record that cannot be
 * decoded gives a row that says so where the table asks for it, and otherwise fails the job.
 *
 * <p>Every row is a new one, and its strings are views of the Kafka value, so that it stays right
 * for as long as an operator holds it, with object reuse or without.
 */
final class AvroRegistryDeserializationSchema implements DeserializationSchema<RowData> {
  private final RegistryConfig config;
  private final String readerJson;
  private final RowType columns;
  private final List<FormatMetadata> metadata;
  private final TypeInformation<RowData> producedType;

  private transient SchemaRegistry registry;
  private transient Schema reader;
  private transient BinaryInput input;
  private transient Map<Integer, Decoder> decoders;
  private transient Decoder lastDecoder;
  private transient Counter decodedRecords;
  private transient Counter deadLetterRecords;
  private transient Counter[] deadLettersByError;
  private transient Counter registryRequests;

  AvroRegistryDeserializationSchema(
      RegistryConfig config,
      String readerJson,
      RowType columns,
      List<FormatMetadata> metadata,
      TypeInformation<RowData> producedType) {
    this.config = config;
    this.readerJson = readerJson;
    this.columns = columns;
    this.metadata = metadata;
    this.producedType = producedType;
  }

  @Override
  public void open(InitializationContext context) throws IOException {
    registry = SchemaRegistry.shared(config);
    context
        .getUserCodeClassLoader()
        .registerReleaseHookIfAbsent(SchemaRegistry.class.getName(), SchemaRegistry::releaseShared);
    reader = ReaderSchema.project(ReaderSchema.parse(readerJson), columns);
    input = new BinaryInput();
    decoders = new HashMap<>();
    registerMetrics(context.getMetricGroup());
  }

  private void registerMetrics(MetricGroup group) {
    decodedRecords = group.counter("decodedRecords");
    deadLetterRecords = group.counter("deadLetterRecords");
    registryRequests = group.counter("registryRequests");
    DecodeError[] errors = DecodeError.values();
    deadLettersByError = new Counter[errors.length];
    for (DecodeError error : errors) {
      deadLettersByError[error.ordinal()] =
          group.addGroup("code", error.code()).counter("deadLetterRecords");
    }
  }

  /**
   * Decodes one Kafka value.
   *
   * @throws IOException if the registry cannot be asked, or if the record cannot be decoded and the
   *     table has no column for that
   */
  @Override
  public RowData deserialize(byte[] value) throws IOException {
    try {
      RowData row = decode(value);
      decodedRecords.inc();
      return row;
    } catch (DecodeException e) {
      return deadLetter(value, e);
    }
  }

  private RowData decode(byte[] value) throws IOException, DecodeException {
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
    RowData row = (RowData) decoder.reader.read(input);
    if (input.remaining() > 0) {
      throw new DecodeException(
          DecodeError.TRAILING_BYTES, input.remaining() + " bytes follow the record");
    }
    return row;
  }

  /** Kept per schema id for good, other than an id that the registry does not know. */
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
      int arity = columns.getFieldCount() + metadata.size();
      return new Decoder(id, DecoderCompiler.compile(writer, reader, columns, arity), null);
    } catch (DecodeException e) {
      return new Decoder(id, null, e);
    }
  }

  private RowData deadLetter(byte[] value, DecodeException failure) throws IOException {
    if (!metadata.contains(FormatMetadata.DECODE_ERROR)) {
      throw new IOException(
          "A record cannot be decoded: "
              + failure.getMessage()
              + ". To set such records aside, declare a column for the format's metadata '"
              + FormatMetadata.DECODE_ERROR.key()
              + "'.",
          failure);
    }
    deadLetterRecords.inc();
    deadLettersByError[failure.error().ordinal()].inc();
    GenericRowData row = new GenericRowData(columns.getFieldCount() + metadata.size());
    for (int i = 0; i < metadata.size(); i++) {
      row.setField(
          columns.getFieldCount() + i,
          switch (metadata.get(i)) {
            case DECODE_ERROR -> StringData.fromString(failure.getMessage());
            case RAW_VALUE -> value;
          });
    }
    return row;
  }

  @Override
  public boolean isEndOfStream(RowData nextElement) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return producedType;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AvroRegistryDeserializationSchema that
        && config.equals(that.config)
        && readerJson.equals(that.readerJson)
        && columns.equals(that.columns)
        && metadata.equals(that.metadata);
  }

  @Override
  public int hashCode() {
    return Objects.hash(config, readerJson, columns, metadata);
  }

  /** The readers of one writer schema, or why there are none. */
  private record Decoder(int schemaId, ValueReader reader, DecodeException failure) {}
}
