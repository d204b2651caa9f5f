package io.weir.flink.events;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.utils.DataTypeUtils;

/** A format of events as part of a table source, at planning time. */
public final class EventDecodingFormat
    implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {
  private final String identifier;
  private final EventSettings settings;
  private final boolean sharesColumnsWithKey;
  private final Function<RowType, EventDecoder> decoders;
  private List<FormatMetadata> metadata = List.of();

  /**
   * @param identifier the format's name in tables
   * @param sharesColumnsWithKey see {@link EventOptions#sharesColumnsWithKey}
   * @param decoders returns the decoder of these columns, or throws a {@link ValidationException}
   *     if one cannot be read
   */
  public EventDecodingFormat(
      String identifier,
      EventSettings settings,
      boolean sharesColumnsWithKey,
      Function<RowType, EventDecoder> decoders) {
    this.identifier = identifier;
    this.settings = settings;
    this.sharesColumnsWithKey = sharesColumnsWithKey;
    this.decoders = decoders;
  }

  @Override
  public Map<String, DataType> listReadableMetadata() {
    return FormatMetadata.types();
  }

  @Override
  public void applyReadableMetadata(List<String> keys) {
    if (sharesColumnsWithKey && !keys.isEmpty()) {
      throw new ValidationException(
          "The metadata "
              + keys
              + " needs 'value.fields-include' = 'EXCEPT_KEY' if the table has key fields:"
              + " with a column in both, the Kafka connector loses the format's metadata.");
    }
    metadata = keys.stream().map(FormatMetadata::of).toList();
  }

  @Override
  public DeserializationSchema<RowData> createRuntimeDecoder(
      DynamicTableSource.Context context, DataType physicalType, int[][] projections) {
    DataType columns = Projection.of(projections).project(physicalType);
    RowType row = (RowType) columns.getLogicalType();
    EventDecoder decoder = decoders.apply(row); // Fail early if a column cannot be read.
    requireRead(row, EventOptions.ID_COLUMNS, settings.idColumns());
    requireRead(row, EventOptions.LIMITS, settings.limits().columns());
    if (metadata.contains(FormatMetadata.DECODE_ERROR)) {
      requireNullable(row);
    }
    DataTypes.Field[] extra =
        metadata.stream()
            .map(each -> DataTypes.FIELD(each.key(), each.type()))
            .toArray(DataTypes.Field[]::new);
    DataType produced = DataTypeUtils.appendRowFields(columns, List.of(extra));
    return new EventDeserializationSchema(
        decoder, row, metadata, settings, context.createTypeInformation(produced));
  }

  private void requireRead(RowType columns, ConfigOption<?> option, List<String> needed) {
    for (String column : needed) {
      if (!columns.getFieldNames().contains(column)) {
        throw new ValidationException(
            "Column '"
                + column
                + "' of '"
                + EventOptions.name(identifier, option)
                + "' has no effect: it is not one of "
                + columns.getFieldNames()
                + ". Select it, or drop the option.");
      }
    }
  }

  private static void requireNullable(RowType columns) {
    for (RowType.RowField column : columns.getFields()) {
      if (!column.getType().isNullable()) {
        throw new ValidationException(
            "Column '"
                + column.getName()
                + "' is NOT NULL, but all columns of a record that cannot be decoded are null."
                + " Declare it nullable, or drop the column of the metadata '"
                + FormatMetadata.DECODE_ERROR.key()
                + "' so that such a record fails the job.");
      }
    }
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }
}
