package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.flink.events.EventOptions;
import io.weir.flink.json.WeirJsonFormatFactory;
import io.weir.registry.DecodeError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.util.TimeUtils;
import org.junit.jupiter.api.Test;

/** The README matches the code. */
class ReadmeTest {
  private static String readme() throws IOException {
    return Files.readString(Path.of("README.md"));
  }

  private static List<String> cells(String row) {
    return Arrays.stream(row.substring(1).split("\\|")).map(String::strip).toList();
  }

  private static List<List<String>> options(String format) throws IOException {
    return readme()
        .lines()
        .filter(line -> line.startsWith("| `" + format + "."))
        .map(ReadmeTest::cells)
        .toList();
  }

  @Test
  void theOptionTableIsThatOfTheOptions() throws IOException {
    List<List<String>> options =
        Stream.concat(
                AvroRegistryOptions.REQUIRED.stream()
                    .map(option -> row("avro-registry", option, "required")),
                AvroRegistryOptions.OPTIONAL.stream()
                    .map(option -> row("avro-registry", option, "none")))
            .toList();
    assertThat(options("avro-registry")).containsExactlyElementsOf(options);
  }

  @Test
  void theOptionTableOfJsonIsThatOfItsOptions() throws IOException {
    WeirJsonFormatFactory factory = new WeirJsonFormatFactory();
    List<List<String>> options =
        Stream.concat(
                factory.requiredOptions().stream()
                    .map(option -> row("weir-json", option, "required")),
                EventOptions.ALL.stream().map(option -> row("weir-json", option, "none")))
            .toList();
    assertThat(factory.optionalOptions()).hasSameElementsAs(EventOptions.ALL);
    assertThat(options("weir-json")).containsExactlyElementsOf(options);
  }

  private static List<String> row(String format, ConfigOption<?> option, String withoutDefault) {
    Object value = option.defaultValue();
    String text = value == null ? withoutDefault : value.toString();
    if (value instanceof Duration duration) {
      text = TimeUtils.formatWithHighestUnit(duration);
    }
    String description = new HtmlFormatter().format(option.description());
    return List.of("`" + EventOptions.name(format, option) + "`", text, description);
  }

  @Test
  void theCodesAreThoseOfTheErrors() throws IOException {
    List<String> codes =
        Pattern.compile("^\\| `([a-z-]+)` \\| [^`]", Pattern.MULTILINE)
            .matcher(readme())
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(codes)
        .containsExactlyElementsOf(
            Arrays.stream(DecodeError.values()).map(DecodeError::code).toList());
  }

  @Test
  void theExampleIsPlannedByFlink() throws IOException {
    String sql = readme().split("```sql\n")[1].split("```")[0];
    TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    tables.executeSql(sql.substring(0, sql.indexOf(";\n\n")));
    tables.executeSql(
        "CREATE TABLE flights_dead (e STRING, v BYTES, t STRING, o BIGINT)"
            + " WITH ('connector' = 'blackhole')");
    tables.executeSql(
        "CREATE TABLE flights_good (c STRING, d INT, t TIMESTAMP_LTZ(3))"
            + " WITH ('connector' = 'blackhole')");
    String plan = tables.explainSql(sql.substring(sql.indexOf("EXECUTE")).strip());
    String executed = plan.substring(plan.indexOf("== Optimized Execution Plan =="));
    assertThat(executed.split("TableSourceScan").length - 1).as(plan).isEqualTo(1);
    assertThat(executed).contains("IS NOT NULL").contains("IS NULL");
  }
}
