package io.weir.flink.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.flink.events.KafkaTable;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.table.types.utils.TypeConversions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors are reported while the query is planned, before anything runs. */
class JsonFormatFactoryTest {
  private static final String FORMAT = "value.weir-json.";
  private static final String DOCUMENT =
      """
      [{"name": "id", "type": "text", "path": ["orderId"], "nullable": false, "encoding": "plain"},
       {"name": "at", "type": "timestamp", "path": ["t", 0], "nullable": true,
        "encoding": "epoch-millis"}]""";
  private static final List<Column> COLUMNS =
      List.of(
          Column.physical("id", DataTypes.STRING()),
          Column.physical("at", DataTypes.TIMESTAMP_LTZ(3)));

  private static Map<String, String> options() {
    Map<String, String> options = KafkaTable.options("weir-json");
    options.put(FORMAT + "columns", DOCUMENT);
    return options;
  }

  private static ScanTableSource plan(
      List<Column> columns, Map<String, String> options, String... metadata) {
    ScanTableSource source = (ScanTableSource) KafkaTable.source(columns, options);
    ((SupportsReadingMetadata) source)
        .applyReadableMetadata(
            List.of(metadata), DataTypes.ROW(DataTypes.FIELD("id", DataTypes.STRING())).notNull());
    source.getScanRuntimeProvider(ScanRuntimeProviderContext.INSTANCE);
    return source;
  }

  @Test
  void aTableIsPlannedWithTheMetadataOfDeadLetters() {
    ScanTableSource source = plan(COLUMNS, options(), "value.decode-error");
    assertThat(((SupportsReadingMetadata) source).listReadableMetadata())
        .containsEntry("value.decode-error", DataTypes.STRING())
        .containsEntry("value.raw-value", DataTypes.BYTES())
        .containsEntry("value.raw-length", DataTypes.BIGINT())
        .containsEntry("value.raw-sha256", DataTypes.STRING());
  }

  @ParameterizedTest
  @CsvSource({
    "columns, {, 'weir-json.columns: Not valid columns'",
    "columns, '[]', 'weir-json.columns: Not valid columns: there is none'",
    "limits, {, 'weir-json.limits: Not valid event limits'",
    "max-bytes, many, max-bytes",
    "url, http://registry, Unsupported options"
  })
  void aWrongOptionIsNamed(String option, String value, String message) {
    Map<String, String> options = options();
    options.put(FORMAT + option, value);
    assertThatThrownBy(() -> plan(COLUMNS, options))
        .isInstanceOf(ValidationException.class)
        .hasStackTraceContaining(message);
  }

  @Test
  void theColumnsAreRequired() {
    Map<String, String> options = options();
    options.remove(FORMAT + "columns");
    assertThatThrownBy(() -> plan(COLUMNS, options))
        .hasStackTraceContaining("Missing required options are:\n\ncolumns");
  }

  @Test
  void aColumnThatIsNotReadIsRefused() {
    assertThatThrownBy(() -> plan(List.of(Column.physical("no", DataTypes.STRING())), options()))
        .isInstanceOf(ValidationException.class)
        .hasMessage(
            "Column 'no' is not one of the columns that are read from JSON, which are [id, at]."
                + " Add it there, or drop the column.");
  }

  @Test
  void aColumnOfAnotherTypeIsRefused() {
    List<Column> columns = List.of(Column.physical("at", DataTypes.BIGINT()));
    assertThatThrownBy(() -> plan(columns, options()))
        .isInstanceOf(ValidationException.class)
        .hasMessage(
            "Column 'at' is declared as BIGINT, but is read as TIMESTAMP_LTZ(3) or TIMESTAMP(3)."
                + " Declare the column with that type and cast it in the query.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          text|STRING|VARCHAR(10)
          int|INT|BIGINT
          bigint|BIGINT|INT
          float|FLOAT|DOUBLE
          double|DOUBLE|FLOAT
          boolean|BOOLEAN|STRING
          blob|BYTES|BINARY(4)
          date|DATE|INT
          timestamp|TIMESTAMP_LTZ(3)|TIMESTAMP_LTZ(0)
          timestamp|TIMESTAMP(6)|DATE
          """)
  void aTypeIsReadAsItsOwnSqlTypeAlone(String type, String accepted, String refused) {
    Map<String, String> options = options();
    String encoding =
        switch (type) {
          case "date", "timestamp" -> "iso-8601";
          case "blob" -> "base64";
          default -> "plain";
        };
    options.put(
        FORMAT + "columns",
        """
        [{"name": "c", "type": "%s", "path": ["c"], "nullable": true, "encoding": "%s"}]"""
            .formatted(type, encoding));
    plan(List.of(Column.physical("c", sql(accepted))), options);
    assertThatThrownBy(() -> plan(List.of(Column.physical("c", sql(refused))), options))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("is read as");
  }

  private static DataType sql(String type) {
    return TypeConversions.fromLogicalToDataType(
        LogicalTypeParser.parse(type, JsonFormatFactoryTest.class.getClassLoader()));
  }

  @Test
  void notNullColumnsMustBeRequiredInJson() {
    plan(List.of(Column.physical("id", DataTypes.STRING().notNull())), options());
    DataType type = DataTypes.TIMESTAMP_LTZ(3).notNull();
    assertThatThrownBy(() -> plan(List.of(Column.physical("at", type)), options()))
        .hasMessage("Column 'at' is NOT NULL, but may be missing in JSON. Declare it nullable.");
  }

  @Test
  void idColumnsAreAmongTheColumns() {
    Map<String, String> options = options();
    options.put(FORMAT + "id-columns", "id;at");
    plan(COLUMNS, options);
    assertThatThrownBy(() -> plan(COLUMNS.subList(0, 1), options))
        .hasMessage(
            "Column 'at' of 'weir-json.id-columns' has no effect: it is not one of [id]."
                + " Select it, or drop the option.");
  }

  @Test
  void columnsInBothKeyAndValueDoNotGoWithErrorRows() {
    Map<String, String> options = options();
    options.putAll(Map.of("key.format", "raw", "key.fields", "id"));
    assertThatThrownBy(() -> plan(COLUMNS, options, "value.decode-error"))
        .hasMessageContaining("'value.fields-include' = 'EXCEPT_KEY'");
  }
}
