package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.flink.events.KafkaTable;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors are reported while the query is planned, before anything runs. */
class FormatFactoryTest {
  private static final String URL = "http://localhost:1/apis/ccompat/v7";
  private static final String FORMAT = "value.avro-registry.";

  private static void plan(List<Column> columns, Map<String, String> options, String... metadata) {
    ScanTableSource source = (ScanTableSource) KafkaTable.source(columns, options);
    ((SupportsReadingMetadata) source)
        .applyReadableMetadata(
            List.of(metadata),
            DataTypes.ROW(DataTypes.FIELD("carrier", DataTypes.STRING())).notNull());
    source.getScanRuntimeProvider(ScanRuntimeProviderContext.INSTANCE);
  }

  @Test
  void aTableIsPlannedWithoutARegistry() {
    ScanTableSource source =
        (ScanTableSource) KafkaTable.source(FlightTable.COLUMNS, FlightTable.options(URL));
    assertThat(source.getScanRuntimeProvider(ScanRuntimeProviderContext.INSTANCE)).isNotNull();
    assertThat(((SupportsReadingMetadata) source).listReadableMetadata())
        .containsEntry("value.decode-error", DataTypes.STRING())
        .containsEntry("value.raw-value", DataTypes.BYTES());
  }

  @ParameterizedTest
  @CsvSource({
    "url, '', avro-registry.url starts with http or https",
    "url, ftp://registry, avro-registry.url starts with http or https",
    "url, http://, avro-registry.url is an address",
    "url, http://me:secret@registry, has no user or password in it",
    "url, http://registry?a=b, avro-registry.url has no query",
    "username, me, avro-registry.username goes with avro-registry.password",
    "password.path, /password, avro-registry.username goes with avro-registry.password",
    "truststore.location, /ca.pem, avro-registry.truststore.location goes with an https url",
    "request-timeout, 0 s, avro-registry.request-timeout is longer than 0",
    "max-retries, -1, avro-registry.max-retries is 0 or more",
    "schema, {, avro-registry.schema: not a valid Avro schema",
    "schema, '\"int\"', 'avro-registry.schema: the schema of a table is a record, not int'",
    "retries, 3, Unsupported options"
  })
  void aWrongOptionIsNamed(String option, String value, String message) {
    Map<String, String> options = FlightTable.options(URL);
    options.put(FORMAT + option, value);
    assertThatThrownBy(() -> plan(FlightTable.COLUMNS, options))
        .isInstanceOf(ValidationException.class)
        .hasStackTraceContaining(message);
  }

  @Test
  void aPasswordIsNotPartOfAnError() {
    Map<String, String> options = FlightTable.options("ftp://registry");
    options.putAll(Map.of(FORMAT + "username", "me", FORMAT + "password", "s3cret"));
    assertThatThrownBy(() -> plan(FlightTable.COLUMNS, options))
        .isInstanceOf(ValidationException.class)
        .satisfies(e -> assertThat(ExceptionUtils.stringifyException(e)).doesNotContain("s3cret"));
  }

  @ParameterizedTest
  @CsvSource({"url", "schema"})
  void aMissingOptionIsNamed(String option) {
    Map<String, String> options = FlightTable.options(URL);
    options.remove(FORMAT + option);
    assertThatThrownBy(() -> plan(FlightTable.COLUMNS, options))
        .hasStackTraceContaining("Missing required options are:\n\n" + option);
  }

  @Test
  void aColumnThatIsNoFieldIsRefused() {
    List<Column> columns = List.of(Column.physical("tailnum", DataTypes.STRING()));
    assertThatThrownBy(() -> plan(columns, FlightTable.options(URL)))
        .isInstanceOf(ValidationException.class)
        .hasMessage(
            "Column 'tailnum' is not a field of the Avro record Flight, which has"
                + " [carrier, dep_delay]. Add the field, with a default, or drop the column.");
  }

  @Test
  void anIdOfColumnsThatAreNotReadIsRefused() {
    Map<String, String> options = FlightTable.options(URL);
    options.put(FORMAT + "id-columns", "carrier;dep_delay");
    plan(FlightTable.COLUMNS, options);
    assertThatThrownBy(() -> plan(FlightTable.COLUMNS.subList(0, 1), options))
        .isInstanceOf(ValidationException.class)
        .hasMessage(
            "Column 'dep_delay' of 'avro-registry.id-columns' has no effect: it is not one of"
                + " [carrier]. Select it, or drop the option.");
  }

  @Test
  void aColumnOfAnotherTypeIsRefused() {
    List<Column> columns = List.of(Column.physical("dep_delay", DataTypes.BIGINT()));
    assertThatThrownBy(() -> plan(columns, FlightTable.options(URL)))
        .hasMessage(
            "Column 'dep_delay' is declared as BIGINT, but its Avro type int is read as INT."
                + " Declare the column with that type and cast it in the query.");
  }

  @Test
  void aUnionOfManyTypesIsRefused() {
    Map<String, String> options = FlightTable.options(URL);
    options.put(
        FORMAT + "schema",
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":"
            + "[{\"name\":\"u\",\"type\":[\"null\",\"int\",\"string\"]}]}");
    assertThatThrownBy(() -> plan(List.of(Column.physical("u", DataTypes.STRING())), options))
        .hasMessageStartingWith("Column 'u' is the union [null, int, string].");
  }

  @Test
  void notNullColumnsNeedFieldsWithoutNull() {
    DataType type = DataTypes.INT().notNull();
    assertThatThrownBy(
            () -> plan(List.of(Column.physical("dep_delay", type)), FlightTable.options(URL)))
        .hasMessageContaining("'dep_delay' is NOT NULL, but its Avro type allows null");
  }

  @Test
  void notNullColumnsDoNotGoWithErrorRows() {
    List<Column> columns = List.of(Column.physical("carrier", DataTypes.STRING().notNull()));
    plan(columns, FlightTable.options(URL));
    assertThatThrownBy(() -> plan(columns, FlightTable.options(URL), "value.decode-error"))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("Column 'carrier' is NOT NULL")
        .hasMessageContaining("decode-error");
  }

  @Test
  void columnsInBothKeyAndValueDoNotGoWithErrorRows() {
    Map<String, String> options = FlightTable.options(URL);
    options.putAll(Map.of("key.format", "raw", "key.fields", "carrier"));
    plan(FlightTable.COLUMNS, options);
    assertThatThrownBy(() -> plan(FlightTable.COLUMNS, options, "value.decode-error"))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("'value.fields-include' = 'EXCEPT_KEY'");
    options.put("value.fields-include", "EXCEPT_KEY");
    plan(FlightTable.COLUMNS, options, "value.decode-error");
  }

  @Test
  void everyAcceptedTypeIsNamedInTheError() {
    for (String type :
        List.of(
            "'boolean'",
            "'float'",
            "'double'",
            "'string'",
            "'bytes'",
            "{'type':'int','logicalType':'date'}",
            "{'type':'int','logicalType':'time-millis'}",
            "{'type':'long','logicalType':'time-micros'}",
            "{'type':'long','logicalType':'timestamp-micros'}",
            "{'type':'long','logicalType':'local-timestamp-nanos'}",
            "{'type':'bytes','logicalType':'decimal','precision':9,'scale':2}",
            "{'type':'fixed','name':'F','size':16,'logicalType':'uuid'}")) {
      Schema avro = Wire.parse(type);
      for (String sql : AvroTypes.accepted(avro).split(", (?=[A-Z])| or ")) {
        assertThat(
                AvroTypes.accepts(avro, LogicalTypeParser.parse(sql, getClass().getClassLoader())))
            .as("%s as %s", type, sql)
            .isTrue();
      }
    }
  }
}
