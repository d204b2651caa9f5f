package io.weir.flink.avro;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.weir.flink.events.TestContext;
import io.weir.flink.json.JsonFormats;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The flights of {@link DecodeBenchmark} in JSON. */
final class JsonFlights {
  private static final JsonFactory JACKSON =
      JsonFactory.builder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES).build();

  private JsonFlights() {}

  static byte[] text(String[] names, String line) {
    String[] cells = line.split(",", -1);
    List<String> members = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      boolean missing = cells[i].isEmpty() || cells[i].equals("NA");
      String quoted = DecodeBenchmark.isText(names[i]) ? '"' + cells[i] + '"' : cells[i];
      members.add('"' + names[i] + "\":" + (missing ? "null" : quoted));
    }
    return ("{" + String.join(",", members) + "}").getBytes(StandardCharsets.UTF_8);
  }

  static DecodeBenchmark.Decoder decoder(String[] names) throws IOException {
    List<String> columns = new ArrayList<>();
    for (String name : names) {
      columns.add(
          """
          {"name": "%s", "type": "%s", "path": ["%s"], "nullable": true, "encoding": "plain"}"""
              .formatted(name, DecodeBenchmark.isText(name) ? "text" : "int", name));
    }
    return JsonFormats.decoder("[" + String.join(",", columns) + "]", new TestContext())::decode;
  }

  /** Reads all tokens, and the values of none. */
  static Object jacksonTokens(byte[] value) throws IOException {
    try (JsonParser parser = JACKSON.createParser(value)) {
      JsonToken last = null;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        last = token;
      }
      return last;
    }
  }
}
