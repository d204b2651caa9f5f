package io.weir.flink.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weir.json.JsonColumn;
import io.weir.registry.ColumnType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The table of records that all readers of JSON are held to: tests/contract/json_records.yaml. */
final class JsonRecords {
  private static final Path TABLE = Path.of("../../../tests/contract/json_records.yaml");
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @param document the columns, as both engines get them
   * @param row the values in Kafka Streams' types; null if it becomes a dead letter
   * @param code of the dead letter; null if it becomes a row
   */
  record Case(String name, byte[] value, String document, List<Object> row, String code) {
    List<JsonColumn> columns() {
      return JsonColumn.parse(document);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private JsonRecords() {}

  static List<Case> all() {
    Map<String, Object> table = table();
    Map<String, Object> sets = map(table.get("columns"));
    return list(table.get("records")).stream()
        .map(each -> JsonRecords.of(map(each), sets))
        .toList();
  }

  private static Map<String, Object> table() {
    try {
      Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
      return map(yaml.load(Files.readString(TABLE)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Case of(Map<String, Object> record, Map<String, Object> sets) {
    String document = json(sets.get((String) record.get("columns")));
    List<Object> row =
        record.containsKey("row") ? row(map(record.get("row")), JsonColumn.parse(document)) : null;
    return new Case(
        (String) record.get("name"), value(record), document, row, (String) record.get("code"));
  }

  private static byte[] value(Map<String, Object> record) {
    if (record.get("value_hex") instanceof String hex) {
      return HexFormat.of().parseHex(hex);
    }
    return record.get("value") instanceof String text
        ? text.getBytes(StandardCharsets.UTF_8)
        : null;
  }

  private static List<Object> row(Map<String, Object> row, List<JsonColumn> columns) {
    assertNamed(row, columns);
    return Arrays.asList(
        columns.stream().map(each -> value(each.type(), row.get(each.name()))).toArray());
  }

  private static void assertNamed(Map<String, Object> row, List<JsonColumn> columns) {
    List<String> names = columns.stream().map(JsonColumn::name).toList();
    if (!names.containsAll(row.keySet())) {
      throw new AssertionError(row + " has other columns than " + names);
    }
  }

  private static Object value(ColumnType type, Object value) {
    if (value == null) {
      return null;
    }
    return switch (type) {
      case TEXT -> (String) value;
      case INT -> (Integer) value;
      case BIGINT -> ((Number) value).longValue();
      case FLOAT -> ((Double) value).floatValue();
      case DOUBLE -> (Double) value;
      case BOOLEAN -> (Boolean) value;
      case BLOB -> Base64.getDecoder().decode((String) value);
      case DATE -> (int) LocalDate.parse((String) value).toEpochDay();
      case TIMESTAMP -> Instant.parse((String) value).toEpochMilli();
    };
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(Object value) {
    return (List<Object>) value;
  }
}
