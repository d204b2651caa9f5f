package io.weir.flink.avro;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.EventLimits;
import io.weir.registry.RegistryConfig;
import io.weir.registry.SchemaRegistry;
import io.weir.registry.SizeLimit;
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
 * Turns Kafka values into rows: first the columns, then the metadata columns. A record that cannot
 * be decoded, or that exceeds the limits of its tables, becomes a row with the error if the table
 * declares the metadata column; otherwise it fails the job.
 *
 * <p>Each row is a new object, and its strings are views of the Kafka value. It stays valid for as
 * long as an operator holds it, with or without object reuse.
 */
final class AvroRegistryDeserializationSchema implements DeserializationSchema<RowData> {
  private final RegistryConfig config;
  private final String readerJson;
  private final RowType columns;
  private final List<FormatMetadata> metadata;
  private final List<String> idColumns;
  private final EventLimits limits;
  private final SizeLimit sizeLimit;
  private final TypeInformation<RowData> producedType;

  private transient SchemaRegistry registry;
  private transient Schema reader;
  private transient BinaryInput input;
  private transient Map<Integer, Decoder> decoders;
  private transient Decoder lastDecoder;
  private transient EventLimits.Check check;
  private transient RecentEvents recent;
  private transient Counter decodedRecords;
  private transient Counter deadLetterRecords;
  private transient Counter[] deadLettersByError;
  private transient Counter conflictingDuplicates;
  private transient Counter registryRequests;

  AvroRegistryDeserializationSchema(
      RegistryConfig config,
      String readerJson,
      RowType columns,
      List<FormatMetadata> metadata,
      List<String> idColumns,
      EventLimits limits,
      SizeLimit sizeLimit,
      TypeInformation<RowData> producedType) {
    this.config = config;
    this.readerJson = readerJson;
    this.columns = columns;
    this.metadata = metadata;
    this.idColumns = List.copyOf(idColumns);
    this.limits = limits;
    this.sizeLimit = sizeLimit;
    this.producedType = producedType;
  }

  @Override
  public void open(InitializationContext context) throws IOException {
    registry = SchemaRegistry.shared(config);
    context
        .getUserCodeClassLoader()
        .registerReleaseHookIfAbsent(SchemaRegistry.class.getName(), SchemaRegistry::releaseShared);
    reader = ReaderSchema.parse(readerJson);
    input = new BinaryInput();
    decoders = new HashMap<>();
    check = limits.on(columns.getFieldNames());
    recent = idColumns.isEmpty() ? null : new RecentEvents(columns, idColumns);
    registerMetrics(context.getMetricGroup());
  }

  private void registerMetrics(MetricGroup group) {
    decodedRecords = group.counter("decodedRecords");
    deadLetterRecords = group.counter("deadLetterRecords");
    conflictingDuplicates = group.counter("conflictingDuplicates");
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
   * @throws IOException if the registry cannot be reached, or if the record cannot be decoded and
   *     the table has no column for the error
   */
  @Override
  public RowData deserialize(byte[] value) throws IOException {
    try {
      GenericRowData row = decode(value);
      check.require(new EventValues(row));
      decodedRecords.inc();
      if (recent != null && recent.conflicts(row)) {
        conflictingDuplicates.inc();
      }
      return row;
    } catch (DecodeException e) {
      return deadLetter(value, e);
    }
  }

  private GenericRowData decode(byte[] value) throws IOException, DecodeException {
    sizeLimit.check(value);
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
              + ". To route such records elsewhere, declare a column for the metadata '"
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
            case RAW_VALUE -> sizeLimit.kept(value);
            case RAW_LENGTH -> sizeLimit.exceededBy(value) ? (long) value.length : null;
            case RAW_SHA256 ->
                sizeLimit.exceededBy(value) ? StringData.fromString(SizeLimit.sha256(value)) : null;
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
        && metadata.equals(that.metadata)
        && idColumns.equals(that.idColumns)
        && limits.equals(that.limits)
        && sizeLimit.equals(that.sizeLimit);
  }

  @Override
  public int hashCode() {
    return Objects.hash(config, readerJson, columns, metadata, idColumns, limits, sizeLimit);
  }

  /** The reader of one writer schema, or why there is none. */
  private record Decoder(int schemaId, ValueReader reader, DecodeException failure) {}
}
