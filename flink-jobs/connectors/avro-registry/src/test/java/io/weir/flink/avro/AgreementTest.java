package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weir.registry.DecodeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Compares the decoders of both engines with the result of {@code weir schema check} and the values
 * of the oracle's own reader, which tests/contract/test_decoders_agree.py writes for random pairs.
 */
@EnabledIfSystemProperty(named = "weir.pairs", matches = ".+")
class AgreementTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void theDecodersReadWhatTheCheckPromises() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (JsonNode pair : JSON.readTree(Path.of(System.getProperty("weir.pairs")).toFile())) {
      Schema reader = new Schema.Parser().parse(pair.get("reader").asText());
      Schema writer =
          new Schema.Parser().setValidateDefaults(false).parse(pair.get("writer").asText());
      boolean allRead = true;
      for (JsonNode record : pair.get("records")) {
        allRead &= record.has("value");
      }
      for (String records : List.of("records", "damaged")) {
        for (JsonNode record : pair.get(records)) {
          String failure = check(writer, reader, record, pair.get("flink").asBoolean());
          if (!failure.isEmpty()) {
            wrong.add(failure + "\n  written with " + writer + "\n  read with " + reader);
          }
        }
      }
      if (pair.get("registered").asBoolean() && !isCompatible(reader, writer)) {
        wrong.add("A registry refuses " + writer + " read with " + reader);
      }
      if (allRead != pair.get("readable").asBoolean()) {
        wrong.add("The check says otherwise of " + writer + " read with " + reader);
      }
    }
    assertThat(wrong).isEmpty();
  }

  /** Avro's own check, which registries apply to a new version of a schema. */
  private static boolean isCompatible(Schema reader, Schema writer) {
    try {
      return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType()
          == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE;
    } catch (AvroRuntimeException e) {
      return false;
    }
  }

  /** Describes what is wrong with a record; "" if it is correct. */
  private static String check(Schema writer, Schema reader, JsonNode record, boolean flink)
      throws IOException {
    byte[] avro = HexFormat.of().parseHex(record.get("avro").asText());
    JsonNode expected = record.has("value") ? record.get("value") : record.get("code");
    GenericRecord found = null;
    JsonNode shown;
    try {
      found = Decoders.streams(writer, reader, avro);
      shown = JSON.valueToTree(shown(found));
    } catch (DecodeException e) {
      shown = JSON.valueToTree(e.error().code());
    }
    if (!expected.equals(shown)) {
      return record.get("avro") + ": Kafka Streams reads " + shown + ", not " + expected;
    }
    if (!flink) {
      return "";
    }
    RowType columns = Expected.columns(reader, new Random(avro.length));
    Object wanted = found == null ? expected.asText() : Expected.row(reader, columns, found);
    Object row;
    try {
      row = Decoders.flink(writer, reader, columns, avro);
    } catch (DecodeException e) {
      row = e.error().code();
    }
    return wanted.equals(row)
        ? ""
        : record.get("avro") + ": Flink reads " + row + ", not " + wanted;
  }

  /** Converts a value to the form that the Python side uses. */
  private static Object shown(Object value) {
    if (value instanceof GenericRecord record) {
      Map<String, Object> fields = new LinkedHashMap<>();
      for (Schema.Field field : record.getSchema().getFields()) {
        fields.put(field.name(), shown(record.get(field.pos())));
      }
      return fields;
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> entries = new LinkedHashMap<>();
      map.forEach((key, entry) -> entries.put(key.toString(), shown(entry)));
      return entries;
    }
    if (value instanceof List<?> list) {
      return list.stream().map(AgreementTest::shown).toList();
    }
    return value == null || value instanceof Boolean ? value : scalar(value);
  }

  private static String scalar(Object value) {
    if (value instanceof Integer || value instanceof Long) {
      return "int " + value;
    }
    if (value instanceof Number number) {
      return "bits " + Double.doubleToRawLongBits(number.doubleValue());
    }
    if (value instanceof GenericData.Fixed fixed) {
      return "bytes " + HexFormat.of().formatHex(fixed.bytes());
    }
    if (value instanceof ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
      return "bytes " + HexFormat.of().formatHex(bytes);
    }
    return "text " + value;
  }
}
