package io.weir.flink.avro;

import static io.weir.flink.avro.Schemas.column;
import static io.weir.flink.avro.Schemas.columns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How type and field names are matched with the reader's, the same for both engines. */
class NamesTest {
  private static final RowType X = columns(column("x", DataTypes.STRING()));

  private static Schema record(String names, String fields) {
    return Wire.parse("{'type':'record'," + names + ",'fields':[" + fields + "]}");
  }

  /** Asserts the string of field x in each decoder's row; the writer has only this field. */
  private static void assertReads(Schema writer, Object written, Schema reader, String expected)
      throws Exception {
    byte[] avro =
        Wire.avro(
            writer,
            new GenericRecordBuilder(writer).set(writer.getFields().get(0), written).build());
    assertThat(text(Decoders.flink(writer, reader, X, avro).getField(0))).isEqualTo(expected);
    assertThat(text(Decoders.streams(writer, reader, avro).get("x"))).isEqualTo(expected);
  }

  private static void assertRefuses(
      Schema writer, Schema reader, RowType columns, byte[] avro, String reason) {
    assertThatThrownBy(() -> Decoders.flink(writer, reader, columns, avro))
        .hasMessage("incompatible-schema: " + reason);
    assertThatThrownBy(() -> Decoders.streams(writer, reader, avro))
        .hasMessage("incompatible-schema: " + reason);
  }

  private static String text(Object value) {
    return value == null ? null : value.toString();
  }

  @Test
  void anotherRecordTypeIsNotReadAsTheReaders() {
    String id = "{'name':'id','type':'string'}";
    Schema writer =
        record(
            "'name':'OrderCancelled','namespace':'shop'",
            id + ",{'name':'reason','type':'string'}");
    Schema reader =
        record(
            "'name':'E','namespace':'shop'",
            id + ",{'name':'amount','type':['null','int'],'default':null}");
    byte[] avro =
        Wire.avro(
            writer, new GenericRecordBuilder(writer).set("id", "o1").set("reason", "late").build());
    RowType columns = columns(column("id", DataTypes.STRING()), column("amount", DataTypes.INT()));
    assertRefuses(
        writer, reader, columns, avro, "Found record shop.OrderCancelled, expecting record shop.E");
  }

  @ParameterizedTest
  @CsvSource({
    "R, R, ''",
    "a.R, b.R, ''",
    "a.R, R, ''",
    "a.Old, b.R, Old",
    "Old, b.R, Old",
    "a.Old, R, Old",
    "a.Old, b.R, a.Old",
    "Old, R, Old",
  })
  void aRecordIsTheReadersByItsNameOrAnAlias(String written, String wanted, String alias)
      throws Exception {
    String field = "{'name':'x','type':'string'}";
    Schema writer = record("'name':'" + written + "'", field);
    String aliases = alias.isEmpty() ? "" : ",'aliases':['" + alias + "']";
    assertReads(writer, "v", record("'name':'" + wanted + "'" + aliases, field), "v");
  }

  @ParameterizedTest
  @CsvSource({"a.S, a.R, Old", "a.Old, b.R, c.Old", "Old, R, a.Old", "a.r, a.R, ''"})
  void noOtherNameIs(String written, String wanted, String alias) {
    String field = "{'name':'x','type':'string'}";
    String aliases = alias.isEmpty() ? "" : ",'aliases':['" + alias + "']";
    Schema writer = record("'name':'" + written + "'", field);
    assertRefuses(
        writer,
        record("'name':'" + wanted + "'" + aliases, field),
        X,
        new byte[] {0},
        "Found record " + written + ", expecting record " + wanted);
  }

  @Test
  void aNullableEnumOfAnotherNamespaceIsReadable() throws Exception {
    String kind = "{'name':'x','type':['null',{'type':'enum','name':'Kind','symbols':[%s]}]}";
    Schema writer = record("'name':'E','namespace':'shop.v1'", kind.formatted("'A','B'"));
    Schema reader = record("'name':'E','namespace':'shop.v2'", kind.formatted("'C','B','A'"));
    Schema written = writer.getField("x").schema().getTypes().get(1);
    assertReads(writer, new GenericData.EnumSymbol(written, "B"), reader, "B");
    assertReads(writer, null, reader, null);
  }

  @Test
  void aRenamedFieldKeepsItsValueInAnotherNamespace() throws Exception {
    Schema writer = record("'name':'a.E'", "{'name':'old','type':'string'}");
    Schema reader =
        record(
            "'name':'b.E'",
            "{'name':'x','type':['null','string'],'default':null,'aliases':['old']}");
    assertReads(writer, "kept", reader, "kept");
  }

  @Test
  void aFieldHasItsOwnNameBeforeAnAliasAndIsReadOnce() throws Exception {
    Schema writer = record("'name':'E'", "{'name':'y','type':'string'}");
    String x = "{'name':'x','type':['null','string'],'default':null,'aliases':['y']}";
    Schema reader = record("'name':'E'", x + ",{'name':'y','type':'string'}");
    assertReads(writer, "of y", reader, null);
  }

  @Test
  void ofTwoBranchesTheOneOfTheWholeNameTakesARecord() throws Exception {
    String both =
        "[{'type':'enum','name':'a.K','symbols':['A']},{'type':'enum','name':'b.K',"
            + "'symbols':['B']}]";
    Schema writer = record("'name':'E'", "{'name':'x','type':" + both + "}");
    GenericData.EnumSymbol second =
        new GenericData.EnumSymbol(writer.getField("x").schema().getTypes().get(1), "B");
    byte[] avro = Wire.avro(writer, new GenericRecordBuilder(writer).set("x", second).build());
    assertThat(Decoders.streams(writer, writer, avro).get("x")).hasToString("B");
  }

  @Test
  void aBranchOfAnotherNameIsAnErrorOnlyOfItsRecords() throws Exception {
    String kinds =
        "[{'type':'enum','name':'a.K','symbols':['A']},{'type':'enum','name':'L',"
            + "'symbols':['A']}]";
    Schema writer = record("'name':'E'", "{'name':'x','type':" + kinds + "}");
    Schema reader =
        record("'name':'E'", "{'name':'x','type':{'type':'enum','name':'K','symbols':['A']}}");
    Schema first = writer.getField("x").schema().getTypes().get(0);
    assertReads(writer, new GenericData.EnumSymbol(first, "A"), reader, "A");
    assertRefuses(writer, reader, X, new byte[] {2, 0}, "field x: Found enum L, expecting enum K");
  }

  @Test
  void itemsOfAnotherNameAreAnErrorOnlyOfRecordsThatHoldAny() throws Exception {
    String items =
        "{'name':'x','type':{'type':'array','items':{'type':'record','name':'%s',"
            + "'fields':[{'name':'y','type':'int'}]}}}";
    Schema writer = record("'name':'E'", items.formatted("N"));
    Schema reader = record("'name':'E'", items.formatted("M"));
    DataType row = DataTypes.ROW(DataTypes.FIELD("y", DataTypes.INT()));
    RowType columns = columns(column("x", DataTypes.ARRAY(row)));
    byte[] none = {0};
    assertThat(Decoders.flink(writer, reader, columns, none).getArray(0).size()).isZero();
    assertThat(Decoders.streams(writer, reader, none).get("x")).isEqualTo(List.of());
    assertRefuses(
        writer,
        reader,
        columns,
        new byte[] {2, 2, 0},
        "field x: Found record N, expecting record M");
  }

  @Test
  void aRecursiveTypeIsReadAndRefusedAsAnyOther() throws Exception {
    String list =
        "{'name':'next','type':['null',{'type':'record','name':'%s','fields':["
            + "{'name':'v','type':'int'},{'name':'next','type':['null','%1$s']}]}]}";
    Schema writer = record("'name':'E'", list.formatted("a.L"));
    Schema reader = record("'name':'E'", list.formatted("b.L"));
    byte[] two = {2, 2, 2, 4, 0};
    assertThat(Decoders.streams(writer, reader, two))
        .hasToString("{\"next\": {\"v\": 1, \"next\": {\"v\": 2, \"next\": null}}}");
    assertThatThrownBy(
            () -> Decoders.streams(writer, record("'name':'E'", list.formatted("M")), two))
        .hasMessage(
            "incompatible-schema: field next: Found record a.L, expecting [null, record M]");
  }

  @Test
  void dataNestedTooDeepIsAnErrorAndNoStackOverflow() {
    Schema writer =
        record("'name':'E'", "{'name':'a','type':'int'},{'name':'next','type':['null','E']}");
    byte[] bytes = new byte[2_000_000];
    for (int i = 1; i < bytes.length; i += 2) {
      bytes[i] = 2;
    }
    assertThatThrownBy(() -> Decoders.streams(writer, writer, bytes))
        .hasMessageStartingWith("malformed-avro: field next")
        .hasMessageEndingWith("records nested deeper than 256");
    Schema reader = record("'name':'E'", "{'name':'a','type':'int'}");
    assertThatThrownBy(() -> Decoders.streams(writer, reader, bytes))
        .hasMessage("malformed-avro: field next: records nested deeper than 256");
  }
}
