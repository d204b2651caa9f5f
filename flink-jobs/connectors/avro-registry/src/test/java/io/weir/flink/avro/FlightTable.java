package io.weir.flink.avro;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.FactoryUtil;

/** The definition of a small Kafka table in this format, and its source in Flink. */
final class FlightTable {
  static final int ID = 7;
  static final Schema SCHEMA =
      Wire.parse(
          "{'type':'record','name':'Flight','fields':[{'name':'carrier','type':'string'},"
              + "{'name':'dep_delay','type':['null','int'],'default':null}]}");
  static final List<Column> COLUMNS =
      List.of(
          Column.physical("carrier", DataTypes.STRING()),
          Column.physical("dep_delay", DataTypes.INT()));

  private FlightTable() {}

  static Map<String, String> options(String url) {
    return new HashMap<>(
        Map.of(
            "connector",
            "kafka",
            "topic",
            "flights",
            "properties.bootstrap.servers",
            "localhost:1",
            "scan.startup.mode",
            "earliest-offset",
            "value.format",
            "avro-registry",
            "value.avro-registry.url",
            url,
            "value.avro-registry.schema",
            SCHEMA.toString()));
  }

  static DynamicTableSource source(List<Column> columns, Map<String, String> options) {
    CatalogTable table =
        CatalogTable.newBuilder()
            .schema(
                org.apache.flink.table.api.Schema.newBuilder()
                    .fromResolvedSchema(ResolvedSchema.of(columns))
                    .build())
            .options(options)
            .build();
    return FactoryUtil.createDynamicTableSource(
        null,
        ObjectIdentifier.of("c", "d", "flights"),
        new ResolvedCatalogTable(table, ResolvedSchema.of(columns)),
        Map.of(),
        new Configuration(),
        FlightTable.class.getClassLoader(),
        false);
  }
}
