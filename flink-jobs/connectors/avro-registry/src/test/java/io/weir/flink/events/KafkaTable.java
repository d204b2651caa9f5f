package io.weir.flink.events;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.FactoryUtil;

/** The definition of a Kafka table, and its source in Flink. */
public final class KafkaTable {
  private KafkaTable() {}

  /** The options of a table whose values have this format; the format's own are missing. */
  public static Map<String, String> options(String format) {
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
            format));
  }

  public static DynamicTableSource source(List<Column> columns, Map<String, String> options) {
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
        KafkaTable.class.getClassLoader(),
        false);
  }
}
