package io.weir.flink.avro;

import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.EventSettings;
import io.weir.flink.events.FormatMetadata;
import io.weir.flink.events.TestContext;
import io.weir.registry.EventLimits;
import io.weir.registry.RegistryConfig;
import io.weir.registry.SizeLimit;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/** Deserialization schemas as the decoding format creates them. */
final class Schemas {
  private Schemas() {}

  static EventDeserializationSchema open(
      RegistryConfig config, Schema reader, RowType columns, TestContext context) throws Exception {
    EventDeserializationSchema schema =
        of(config, reader, columns, List.of(FormatMetadata.values()));
    schema.open(context);
    return schema;
  }

  static EventDeserializationSchema of(
      RegistryConfig config, Schema reader, RowType columns, List<FormatMetadata> metadata) {
    return of(config, reader, columns, metadata, EventLimits.NONE);
  }

  static EventDeserializationSchema of(
      RegistryConfig config,
      Schema reader,
      RowType columns,
      List<FormatMetadata> metadata,
      EventLimits limits) {
    return new EventDeserializationSchema(
        new AvroRegistryDecoder(config, reader.toString(), columns),
        columns,
        metadata,
        new EventSettings(columns.getFieldNames().subList(0, 1), limits, SizeLimit.NONE),
        InternalTypeInfo.of(RowData.class));
  }

  static RowType columns(DataTypes.Field... fields) {
    return (RowType) DataTypes.ROW(fields).getLogicalType();
  }

  static DataTypes.Field column(String name, DataType type) {
    return DataTypes.FIELD(name, type);
  }
}
