package io.weir.flink.json;

import io.weir.flink.events.EventDecoder;
import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.EventSettings;
import io.weir.flink.events.FormatMetadata;
import io.weir.flink.events.TestContext;
import io.weir.json.JsonColumn;
import io.weir.registry.ColumnType;
import io.weir.registry.EventLimits;
import io.weir.registry.SizeLimit;
import java.io.IOException;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/** Decoders as the decoding format creates them, for all columns of a document. */
public final class JsonFormats {
  private JsonFormats() {}

  /** The decoder alone, of rows without metadata. */
  public static EventDecoder decoder(String document, TestContext context) throws IOException {
    List<String> names = JsonColumn.parse(document).stream().map(JsonColumn::name).toList();
    EventDecoder decoder = new JsonDecoder(document, names);
    decoder.open(context, names.size());
    return decoder;
  }

  static EventDeserializationSchema open(
      String document, List<JsonColumn> columns, TestContext context) throws IOException {
    EventSettings settings =
        new EventSettings(
            columns.stream().limit(1).map(JsonColumn::name).toList(),
            EventLimits.NONE,
            SizeLimit.NONE);
    EventDeserializationSchema schema = of(document, columns, settings);
    schema.open(context);
    return schema;
  }

  static EventDeserializationSchema of(
      String document, List<JsonColumn> columns, EventSettings settings) {
    RowType row = row(columns);
    JsonTypes.check(columns, row);
    return new EventDeserializationSchema(
        new JsonDecoder(document, row.getFieldNames()),
        row,
        List.of(FormatMetadata.values()),
        settings,
        InternalTypeInfo.of(RowData.class));
  }

  static RowType row(List<JsonColumn> columns) {
    return (RowType)
        DataTypes.ROW(
                columns.stream()
                    .map(each -> DataTypes.FIELD(each.name(), type(each.type())))
                    .toArray(DataTypes.Field[]::new))
            .getLogicalType();
  }

  private static DataType type(ColumnType type) {
    return switch (type) {
      case TEXT -> DataTypes.STRING();
      case INT -> DataTypes.INT();
      case BIGINT -> DataTypes.BIGINT();
      case FLOAT -> DataTypes.FLOAT();
      case DOUBLE -> DataTypes.DOUBLE();
      case BOOLEAN -> DataTypes.BOOLEAN();
      case BLOB -> DataTypes.BYTES();
      case DATE -> DataTypes.DATE();
      case TIMESTAMP -> DataTypes.TIMESTAMP_LTZ(3);
    };
  }
}
