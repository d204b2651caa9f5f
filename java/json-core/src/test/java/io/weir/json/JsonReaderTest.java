package io.weir.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.DecodeException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the table tests/contract/json_records.yaml does not say: reasons, and many records. */
class JsonReaderTest {
  private static final int SEEDS = 100;
  private static final int VALUES = 1000;

  private static String column(String name, String type, String path, String encoding) {
    return """
        {"name": "%s", "type": "%s", "path": %s, "nullable": %s, "encoding": "%s"}"""
        .formatted(name, type, path, !name.startsWith("r"), encoding);
  }

  private static JsonReader reader(String... columns) {
    return new JsonReader(
        JsonColumn.parse("[" + String.join(",", columns) + "]"), ValueTypes.PLAIN);
  }

  private static List<Object> read(JsonReader reader, String json) throws DecodeException {
    reader.scan(json.getBytes(StandardCharsets.UTF_8));
    List<Object> row = new ArrayList<>();
    for (int i = 0; i < reader.size(); i++) {
      row.add(reader.value(i));
    }
    return row;
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"a":1.5,"r":1}|bad-value: field a: 1.5 is not a whole number of 32 bits
          {"a":"x","r":1}|bad-value: field a: "x" is not a whole number of 32 bits
          {"a":[1, 2],"r":1}|bad-value: field a: [1, 2] is not a whole number of 32 bits
          {"r":null}|missing-value: field r: it is null
          {"a":1}|missing-value: field r: the record has no value for it
          {"r":1,"o":"y"}|bad-value: field t: "y" is not an object with member t
          {"r":1,"o":{"t":"2026-01-05T10:00"}}|bad-value: field t: "2026-01-05T10:00" is not a time with an offset, such as Z or +02:00
          {"r":1,"o":{"l":{}}}|bad-value: field e: {} is not an array with element 0
          {"a":1|malformed-json: at byte 6: the value's end is there instead of a comma or the object's end
          {"a":1,"a":2}|malformed-json: at byte 10: an object has the member 'a' twice
          {"a":x}|malformed-json: at byte 5: 0x78 is there instead of a value
          {"a":1} {}|trailing-bytes: 2 extra bytes after the object
          """)
  void theReasonNamesTheFieldAndWhatIsThere(String json, String message) {
    JsonReader reader =
        reader(
            column("a", "int", "[\"a\"]", "plain"),
            column("r", "bigint", "[\"r\"]", "plain"),
            column("t", "timestamp", "[\"o\", \"t\"]", "iso-8601"),
            column("e", "text", "[\"o\", \"l\", 0]", "plain"));
    assertThatThrownBy(() -> read(reader, json)).hasMessage(message);
  }

  @Test
  void aLongValueIsShortened() {
    JsonReader reader = reader(column("a", "int", "[\"a\"]", "plain"));
    assertThatThrownBy(() -> read(reader, "{\"a\":\"" + "é".repeat(500) + "\"}"))
        .hasMessage(
            "bad-value: field a: \"" + "é".repeat(39) + "... is not a whole number of 32 bits");
  }

  @Test
  void aRecordSaysNothingOfTheNext() throws DecodeException {
    JsonReader reader =
        reader(
            column("a", "text", "[\"a\"]", "plain"), column("b", "text", "[\"o\",\"b\"]", "plain"));
    assertThat(read(reader, "{\"a\":\"1\",\"o\":{\"b\":\"2\"}}")).containsExactly("1", "2");
    assertThat(read(reader, "{\"o\":{\"b\":\"3\"}}")).containsExactly(null, "3");
    assertThatThrownBy(() -> read(reader, "{\"a\":\"4\",")).isInstanceOf(DecodeException.class);
    assertThat(read(reader, "{\"o\":{},\"x\":{\"b\":\"5\"}}")).containsExactly(null, null);
    assertThat(read(reader, "{\"o\":{\"b\":\"6\"},\"a\":\"7\"}")).containsExactly("7", "6");
  }

  @Test
  void membersMayComeInAnyOrderEachTime() throws DecodeException {
    String[] columns = new String[30];
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < columns.length; i++) {
      columns[i] = column("c" + i, "int", "[\"name-" + i + "\"]", "plain");
      order.add(i);
    }
    JsonReader reader = reader(columns);
    for (int seed = 0; seed < 200; seed++) {
      Collections.shuffle(order, new Random(seed));
      List<String> members = new ArrayList<>();
      order.forEach(i -> members.add("\"name-" + i + "\":" + i + ",\"other-" + i + "\":[]"));
      List<Object> row = read(reader, "{" + String.join(",", members) + "}");
      assertThat(row).isEqualTo(IntStream.range(0, columns.length).boxed().toList());
    }
  }

  @Test
  void anyNameIsFound() throws DecodeException {
    JsonReader reader =
        reader(
            column("a", "int", "[\"a\\\"b\"]", "plain"),
            column("b", "int", "[\"a\\\\\"]", "plain"),
            column("c", "int", "[\"\"]", "plain"),
            column("d", "int", "[\"\\n\"]", "plain"));
    assertThat(read(reader, "{\"a\\\"b\":1,\"a\\\\\":2,\"\":3,\"\\n\":4}"))
        .containsExactly(1, 2, 3, 4);
  }

  static IntStream seeds() {
    return IntStream.range(0, SEEDS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void anyBytesAreARowOrAnError(int seed) {
    Random random = new Random(seed);
    RandomJson json = new RandomJson(random);
    JsonReader reader =
        reader(
            column("a", "text", "[\"a\"]", "plain"),
            column("b", "int", "[\"b\", \"a\"]", "plain"),
            column("c", "double", "[\"c\", 1]", "plain"),
            column("d", "blob", "[\"d\"]", "base64"),
            column("e", "timestamp", "[\"e\"]", "epoch-seconds"),
            column("f", "bigint", "[\"b\", \"b\"]", "plain"),
            column("g", "date", "[\"f\"]", "iso-8601"));
    int rows = 0;
    for (int i = 0; i < VALUES; i++) {
      byte[] value = i % 10 == 0 ? RandomJson.noise(random) : json.damaged(json.record());
      try {
        reader.scan(value);
        for (int column = 0; column < reader.size(); column++) {
          reader.value(column);
        }
        rows++;
      } catch (DecodeException e) {
        assertThat(e.getMessage()).startsWith(e.error().code());
      }
    }
    assertThat(rows).isBetween(VALUES / 50, VALUES * 49 / 50);
  }
}
