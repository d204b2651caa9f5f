package io.weir.flink.events;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.EventLimits;
import io.weir.registry.LetterLimit;
import io.weir.registry.SizeLimit;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
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
public final class EventDeserializationSchema implements DeserializationSchema<RowData> {
  private final EventDecoder decoder;
  private final RowType columns;
  private final List<FormatMetadata> metadata;
  private final EventSettings settings;
  private final SizeLimit sizeLimit;
  private final TypeInformation<RowData> producedType;

  private transient EventLimits.Check check;
  private transient LetterLimit.Window letters;
  private transient RecentEvents recent;
  private transient Counter decodedRecords;
  private transient Counter deadLetterRecords;
  private transient Counter[] deadLettersByError;
  private transient Counter conflictingDuplicates;

  /**
   * @param decoder decodes values as rows of {@code columns}, with room for {@code metadata}
   */
  public EventDeserializationSchema(
      EventDecoder decoder,
      RowType columns,
      List<FormatMetadata> metadata,
      EventSettings settings,
      TypeInformation<RowData> producedType) {
    this.decoder = decoder;
    this.columns = columns;
    this.metadata = metadata;
    this.settings = settings;
    this.sizeLimit = settings.sizeLimit();
    this.producedType = producedType;
  }

  @Override
  public void open(InitializationContext context) throws IOException {
    decoder.open(context, columns.getFieldCount() + metadata.size());
    check = settings.limits().on(columns.getFieldNames());
    letters = check.letters();
    List<String> idColumns = settings.idColumns();
    recent = idColumns.isEmpty() ? null : new RecentEvents(columns, idColumns);
    registerMetrics(context.getMetricGroup());
  }

  private void registerMetrics(MetricGroup group) {
    decodedRecords = group.counter("decodedRecords");
    deadLetterRecords = group.counter("deadLetterRecords");
    conflictingDuplicates = group.counter("conflictingDuplicates");
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
   * @throws IOException if the decoder cannot work, or if the record cannot be decoded and the
   *     table has no column for the error
   */
  @Override
  public RowData deserialize(byte[] value) throws IOException {
    try {
      sizeLimit.check(value);
      GenericRowData row = decoder.decode(value);
      check.require(new EventValues(row));
      letters.event();
      decodedRecords.inc();
      if (recent != null && recent.conflicts(row)) {
        conflictingDuplicates.inc();
      }
      return row;
    } catch (DecodeException e) {
      return deadLetter(value, e);
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
    letters.letter(failure);
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
    return other instanceof EventDeserializationSchema that
        && decoder.equals(that.decoder)
        && columns.equals(that.columns)
        && metadata.equals(that.metadata)
        && settings.equals(that.settings);
  }

  @Override
  public int hashCode() {
    return Objects.hash(decoder, columns, metadata, settings);
  }
}
