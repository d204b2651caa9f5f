package io.weir.flink.avro;

import io.weir.flink.events.KafkaTable;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.Column;

/** The definition of a small Kafka table in this format. */
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
    Map<String, String> options = KafkaTable.options("avro-registry");
    options.put("value.avro-registry.url", url);
    options.put("value.avro-registry.schema", SCHEMA.toString());
    return options;
  }
}
