package io.weir.flink.json;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.flink.events.EventDeserializationSchema;
import io.weir.flink.events.TestContext;
import io.weir.json.JsonColumn;
import io.weir.json.JsonReader;
import io.weir.json.ValueTypes;
import io.weir.registry.DecodeException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every record of the shared table becomes its row, or the letter of its code, on both engines. */
class JsonRecordsTest {
  private static final int MIN_RECORDS = 60;

  static List<JsonRecords.Case> records() {
    return JsonRecords.all();
  }

  @Test
  void theTableIsThatLong() {
    assertThat(records()).hasSizeGreaterThanOrEqualTo(MIN_RECORDS);
    assertThat(records()).extracting(JsonRecords.Case::name).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("records")
  void asKafkaStreamsReadsIt(JsonRecords.Case record) {
    JsonReader reader = new JsonReader(record.columns(), ValueTypes.PLAIN);
    List<Object> row = new ArrayList<>();
    String code = null;
    try {
      reader.scan(record.value());
      for (int i = 0; i < reader.size(); i++) {
        row.add(reader.value(i));
      }
    } catch (DecodeException e) {
      assertThat(e.getMessage()).startsWith(e.error().code() + ": ");
      code = e.error().code();
    }
    assertThat(code).isEqualTo(record.code());
    if (code == null) {
      assertThat(row.toArray()).isEqualTo(record.row().toArray());
    }
  }

  @ParameterizedTest
  @MethodSource("records")
  void asFlinkReadsIt(JsonRecords.Case record) throws Exception {
    List<JsonColumn> columns = record.columns();
    EventDeserializationSchema schema =
        JsonFormats.open(record.document(), columns, new TestContext());
    byte[] before = record.value() == null ? null : record.value().clone();
    GenericRowData row = (GenericRowData) schema.deserialize(record.value());
    assertThat(record.value()).as("the input is not written to").isEqualTo(before);
    StringData error = (StringData) row.getField(columns.size());
    assertThat(error == null ? null : error.toString().split(":")[0]).isEqualTo(record.code());
    for (int i = 0; i < columns.size(); i++) {
      Object expected = record.row() == null ? null : record.row().get(i);
      assertThat(plain(row.getField(i))).as(columns.get(i).name()).isEqualTo(expected);
    }
  }

  private static Object plain(Object value) {
    if (value instanceof TimestampData time) {
      assertThat(time.getNanoOfMillisecond()).isZero();
      return time.getMillisecond();
    }
    return value instanceof StringData text ? text.toString() : value;
  }
}
