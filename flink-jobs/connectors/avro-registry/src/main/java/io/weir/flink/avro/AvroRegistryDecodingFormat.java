package io.weir.flink.avro;

import io.weir.registry.EventLimits;
import io.weir.registry.RegistryConfig;
import io.weir.registry.SizeLimit;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
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

/** The format as part of a table source, at planning time. */
final class AvroRegistryDecodingFormat
    implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {
  private final RegistryConfig registry;
  private final Schema reader;
  private final List<String> idColumns;
  private final EventLimits limits;
  private final SizeLimit sizeLimit;
  private final boolean sharesColumnsWithKey;
  private List<FormatMetadata> metadata = List.of();

  AvroRegistryDecodingFormat(
      RegistryConfig registry,
      Schema reader,
      List<String> idColumns,
      EventLimits limits,
      SizeLimit sizeLimit,
      boolean sharesColumnsWithKey) {
    this.registry = registry;
    this.reader = reader;
    this.idColumns = idColumns;
    this.limits = limits;
    this.sizeLimit = sizeLimit;
    this.sharesColumnsWithKey = sharesColumnsWithKey;
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
    ReaderSchema.check(reader, row); // Fail early if a column cannot be read.
    requireRead(row, AvroRegistryOptions.ID_COLUMNS, idColumns);
    requireRead(row, AvroRegistryOptions.LIMITS, limits.columns());
    if (metadata.contains(FormatMetadata.DECODE_ERROR)) {
      requireNullable(row);
    }
    DataTypes.Field[] extra =
        metadata.stream()
            .map(each -> DataTypes.FIELD(each.key(), each.type()))
            .toArray(DataTypes.Field[]::new);
    DataType produced = DataTypeUtils.appendRowFields(columns, List.of(extra));
    return new AvroRegistryDeserializationSchema(
        registry,
        reader.toString(),
        row,
        metadata,
        idColumns,
        limits,
        sizeLimit,
        context.createTypeInformation(produced));
  }

  private static void requireRead(RowType columns, ConfigOption<?> option, List<String> needed) {
    for (String column : needed) {
      if (!columns.getFieldNames().contains(column)) {
        throw new ValidationException(
            "Column '"
                + column
                + "' of '"
                + AvroRegistryOptions.name(option)
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
