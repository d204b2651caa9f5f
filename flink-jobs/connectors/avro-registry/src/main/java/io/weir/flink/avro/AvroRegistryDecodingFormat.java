package io.weir.flink.avro;

import io.weir.registry.RegistryConfig;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema;
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

/** The format within a table source, while a query is planned. */
final class AvroRegistryDecodingFormat
    implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {
  private final RegistryConfig registry;
  private final Schema reader;
  private final boolean sharesColumnsWithKey;
  private List<FormatMetadata> metadata = List.of();

  AvroRegistryDecodingFormat(RegistryConfig registry, Schema reader, boolean sharesColumnsWithKey) {
    this.registry = registry;
    this.reader = reader;
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
              + " needs 'value.fields-include' = 'EXCEPT_KEY' where the table has key fields:"
              + " with columns in both, the Kafka connector loses metadata of the format.");
    }
    metadata = keys.stream().map(FormatMetadata::of).toList();
  }

  @Override
  public DeserializationSchema<RowData> createRuntimeDecoder(
      DynamicTableSource.Context context, DataType physicalType, int[][] projections) {
    DataType columns = Projection.of(projections).project(physicalType);
    RowType row = (RowType) columns.getLogicalType();
    ReaderSchema.project(reader, row); // A column that cannot be read fails here, at the start.
    if (metadata.contains(FormatMetadata.DECODE_ERROR)) {
      requireNullable(row);
    }
    DataTypes.Field[] extra =
        metadata.stream()
            .map(each -> DataTypes.FIELD(each.key(), each.type()))
            .toArray(DataTypes.Field[]::new);
    DataType produced = DataTypeUtils.appendRowFields(columns, List.of(extra));
    return new AvroRegistryDeserializationSchema(
        registry, reader.toString(), row, metadata, context.createTypeInformation(produced));
  }

  private static void requireNullable(RowType columns) {
    for (RowType.RowField column : columns.getFields()) {
      if (!column.getType().isNullable()) {
        throw new ValidationException(
            "Column '"
                + column.getName()
                + "' is NOT NULL, but the row of a record that cannot be decoded is all null."
                + " Declare it nullable, or drop the column of the metadata '"
                + FormatMetadata.DECODE_ERROR.key()
                + "' to let such a record fail the job.");
      }
    }
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }
}
