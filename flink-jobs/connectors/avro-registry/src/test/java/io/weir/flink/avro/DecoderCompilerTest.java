package io.weir.flink.avro;

import static io.weir.flink.avro.Schemas.column;
import static io.weir.flink.avro.Schemas.columns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.DecodeException;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cases that the random schemas of {@link EvolutionPropertyTest} do not cover. */
class DecoderCompilerTest {
  private static Schema record(String fields) {
    return Wire.parse("{'type':'record','name':'R','fields':[" + fields + "]}");
  }

  private static Object read(Schema writer, Schema reader, RowType columns, byte[] bytes)
      throws DecodeException {
    return Decoders.flink(writer, reader, columns, bytes);
  }

  @Test
  void fieldsThatAreNoColumnsAreSkippedEvenIfTheyCouldNotBeRead() throws Exception {
    Schema writer = record("{'name':'a','type':'string'},{'name':'b','type':'int'}");
    Schema reader =
        record("{'name':'a','type':'int'},{'name':'c','type':'long'},{'name':'b','type':'long'}");
    byte[] bytes =
        Wire.avro(writer, new GenericRecordBuilder(writer).set("a", "x").set("b", 3).build());
    assertThat(read(writer, reader, columns(column("b", DataTypes.BIGINT())), bytes))
        .isEqualTo(GenericRowData.of(3L));
  }

  @Test
  void nestedRowsAreProjectedAsWell() throws Exception {
    Schema writer =
        record(
            "{'name':'n','type':{'type':'record','name':'N','fields':["
                + "{'name':'x','type':'int'},{'name':'y','type':'string'}]}}");
    Schema nested = writer.getField("n").schema();
    byte[] bytes =
        Wire.avro(
            writer,
            new GenericRecordBuilder(writer)
                .set("n", new GenericRecordBuilder(nested).set("x", 1).set("y", "why").build())
                .build());
    DataType row = DataTypes.ROW(DataTypes.FIELD("y", DataTypes.STRING()));
    assertThat(read(writer, writer, columns(column("n", row)), bytes))
        .isEqualTo(GenericRowData.of(GenericRowData.of(StringData.fromString("why"))));
  }

  @ParameterizedTest
  @CsvSource({
    "timestamp-micros, timestamp-millis",
    "local-timestamp-millis, timestamp-millis",
    "time-micros, timestamp-micros"
  })
  void unitsAreNotMixedUp(String written, String wanted) {
    Schema writer = record("{'name':'t','type':{'type':'long','logicalType':'" + written + "'}}");
    Schema reader = record("{'name':'t','type':{'type':'long','logicalType':'" + wanted + "'}}");
    int precision = wanted.endsWith("micros") ? 6 : 3;
    RowType columns = columns(column("t", DataTypes.TIMESTAMP(precision)));
    assertThatThrownBy(() -> read(writer, reader, columns, new byte[] {2}))
        .hasMessage(
            "incompatible-schema: field t: the writer's %s is not the reader's %s",
            written, wanted);
  }

  @Test
  void decimalsKeepTheirScale() {
    String decimal =
        "{'name':'d','type':{'type':'bytes','logicalType':'decimal','precision':4,'scale':%d}}";
    Schema writer = record(decimal.formatted(1));
    Schema reader = record(decimal.formatted(2));
    RowType columns = columns(column("d", DataTypes.DECIMAL(4, 2)));
    assertThatThrownBy(() -> read(writer, reader, columns, new byte[] {2, 2}))
        .hasMessageContaining("the writer's decimal(4, 1) is not the reader's decimal(4, 2)");
  }

  @Test
  void aDecimalWithMoreDigitsThanItsTypeIsMalformed() {
    Schema schema =
        record("{'name':'d','type':{'type':'bytes','logicalType':'decimal','precision':2}}");
    RowType columns = columns(column("d", DataTypes.DECIMAL(2, 0)));
    assertThatThrownBy(() -> read(schema, schema, columns, new byte[] {2, 100}))
        .hasMessage("malformed-avro: field d: a decimal has more than 2 digits");
    byte[] megabyte = new byte[1_000_004];
    System.arraycopy(new byte[] {(byte) 0x80, (byte) 0x89, 0x7a, 1}, 0, megabyte, 0, 4);
    assertThatThrownBy(() -> read(schema, schema, columns, megabyte))
        .hasMessage("malformed-avro: field d: a decimal has more than 16 bytes");
  }

  @Test
  void aTimeOfDayIsWithinADay() {
    Schema schema = record("{'name':'t','type':{'type':'int','logicalType':'time-millis'}}");
    RowType columns = columns(column("t", DataTypes.TIME(3)));
    assertThatThrownBy(() -> read(schema, schema, columns, new byte[] {1}))
        .hasMessage("malformed-avro: field t: a time of day is out of the range of a day");
  }

  @Test
  void uuidsAreText() throws Exception {
    Schema schema =
        record("{'name':'u','type':{'type':'fixed','name':'U','size':16,'logicalType':'uuid'}}");
    byte[] bytes = {0, 17, 34, 51, 68, 85, 102, 119, -120, -103, -86, -69, -52, -35, -18, -1};
    assertThat(read(schema, schema, columns(column("u", DataTypes.STRING())), bytes))
        .isEqualTo(
            GenericRowData.of(StringData.fromString("00112233-4455-6677-8899-aabbccddeeff")));
  }

  @Test
  void aBranchThatCannotBeReadIsAnErrorOfItsRecordsAlone() throws Exception {
    Schema writer = record("{'name':'a','type':['int','boolean']}");
    Schema reader = record("{'name':'a','type':'long'}");
    RowType columns = columns(column("a", DataTypes.BIGINT()));
    assertThat(read(writer, reader, columns, new byte[] {0, 2})).isEqualTo(GenericRowData.of(1L));
    assertThatThrownBy(() -> read(writer, reader, columns, new byte[] {2, 1}))
        .hasMessageStartingWith("incompatible-schema: field a: ");
  }

  @Test
  void aSymbolTheReaderDoesNotKnowIsAnError() {
    Schema writer = record("{'name':'e','type':{'type':'enum','name':'E','symbols':['A','B']}}");
    Schema reader = record("{'name':'e','type':{'type':'enum','name':'E','symbols':['A']}}");
    RowType columns = columns(column("e", DataTypes.STRING()));
    assertThatThrownBy(() -> read(writer, reader, columns, new byte[] {2}))
        .hasMessageStartingWith("incompatible-schema: field e: symbol B of the writer's enum");
  }

  @Test
  void deepRecursionIsAnErrorAndNoStackOverflow() {
    Schema writer =
        record("{'name':'a','type':'int'},{'name':'next','type':['null','R'],'default':null}");
    byte[] bytes = new byte[2_000_000];
    for (int i = 1; i < bytes.length; i += 2) {
      bytes[i] = 2;
    }
    assertThatThrownBy(() -> read(writer, writer, columns(column("a", DataTypes.INT())), bytes))
        .hasMessage("malformed-avro: field next: records nested deeper than 256");
  }

  @Test
  void itemsWithoutBytesAreCounted() {
    Schema writer =
        record("{'name':'a','type':{'type':'array','items':'null'}},{'name':'b','type':'int'}");
    // A thousand blocks of 65,000 nulls in 4,000 bytes.
    byte[] bytes = new byte[4_000];
    for (int i = 0; i < 3_000; i += 3) {
      System.arraycopy(new byte[] {(byte) 0xd0, (byte) 0xf7, 0x07}, 0, bytes, i, 3);
    }
    assertThatThrownBy(() -> read(writer, writer, columns(column("b", DataTypes.INT())), bytes))
        .hasMessage("malformed-avro: field a: more than 65536 items without a value");
  }

  @Test
  void mapsKeepTheLaterOfTwoEqualKeys() throws Exception {
    Schema schema = record("{'name':'m','type':{'type':'map','values':'int'}}");
    RowType columns = columns(column("m", DataTypes.MAP(DataTypes.STRING(), DataTypes.INT())));
    GenericRowData row =
        (GenericRowData) read(schema, schema, columns, new byte[] {4, 2, 'a', 2, 2, 'a', 4, 0});
    assertThat(row.getMap(0)).isEqualTo(new GenericMapData(Map.of(StringData.fromString("a"), 2)));
  }

  @Test
  void aWriterThatIsNoRecordIsIncompatible() {
    Schema reader = record("{'name':'a','type':'int'}");
    RowType columns = columns(column("a", DataTypes.INT()));
    Schema writer = Schema.create(Schema.Type.STRING);
    assertThatThrownBy(() -> read(writer, reader, columns, new byte[1]))
        .hasMessage("incompatible-schema: Found string, expecting record R");
  }
}
