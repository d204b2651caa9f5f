package io.weir.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.junit.jupiter.api.Test;

class AvroRegistryConverterTest {
  private static final Schema SCHEMA =
      new Schema.Parser()
          .parse(
              """
              {"type": "record", "name": "Row", "fields": [
                {"name": "day", "type": {"type": "int", "logicalType": "date"}},
                {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
                {"name": "name", "type": ["null", "string"]},
                {"name": "total", "type": ["null", "long"]}]}
              """);
  private boolean answers = true;
  private final AvroRegistryConverter converter = new AvroRegistryConverter(this::schema);

  private Schema schema(int id) throws IOException, DecodeException {
    if (!answers) {
      throw new IOException("away");
    }
    if (id != 1) {
      throw new DecodeException(DecodeError.UNKNOWN_SCHEMA_ID, "no schema " + id);
    }
    return SCHEMA;
  }

  @Test
  void aDeadLettersBytesStayWhatTheyAre() {
    byte[] letter = {1, 2};
    assertThat(
            converter.fromConnectData(
                "t", org.apache.kafka.connect.data.Schema.BYTES_SCHEMA, letter))
        .isEqualTo(letter);
  }

  private static byte[] row() throws IOException {
    GenericRecord row = new GenericData.Record(SCHEMA);
    row.put("day", -1);
    row.put("at", -1L);
    row.put("name", "x");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(WireFormat.header(1));
    BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(SCHEMA).write(row, out);
    return bytes.toByteArray();
  }

  @Test
  void aRecordIsAStructWithConnectsOwnTimes() throws IOException {
    SchemaAndValue found = converter.toConnectData("topic", row());
    Struct row = (Struct) found.value();
    assertThat(row.get("day")).isEqualTo(new java.util.Date(-86_400_000L));
    assertThat(row.get("at")).isEqualTo(new java.util.Date(-1L));
    assertThat(row.get("name")).isEqualTo("x");
    assertThat(row.get("total")).isNull();
    assertThat(converter.toConnectData("topic", row()).schema()).isSameAs(found.schema());
  }

  @Test
  void aBadRecordIsItsOwnFaultAndAnAbsentRegistryIsNot() {
    assertThatThrownBy(() -> converter.toConnectData("topic", WireFormat.header(2)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("unknown-schema-id");
    answers = false;
    assertThatThrownBy(() -> converter.toConnectData("topic", row()))
        .isInstanceOf(RetriableException.class);
  }
}
