package io.weir.streams;

import io.weir.registry.ColumnType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Reads plans like the application, builds both topologies and adds up a row; prints the failures.
 */
final class PlanCheck {
  private PlanCheck() {}

  public static void main(String[] arguments) throws Exception {
    List<Path> files;
    try (Stream<Path> listed = Files.list(Path.of(arguments[0]))) {
      files = listed.sorted().toList();
    }
    for (Path file : files) {
      try {
        check(PipelinePlan.read(file));
        System.out.println("OK " + file.getFileName());
      } catch (Exception error) {
        System.out.println("FAULT " + file.getFileName() + " " + error);
      }
    }
  }

  private static void check(PipelinePlan plan) {
    Map<String, Integer> ids = new HashMap<>();
    ids.put(plan.rows().subject(), 1);
    plan.aggregates().forEach(aggregate -> ids.put(aggregate.output().subject(), 1));
    new PipelineTopology(plan, id -> null, ids, new Counters()).build().describe();
    new TotalsTopology(plan, id -> null, ids).build().describe();
    Object[] row = plan.columns().stream().map(column -> value(column.type())).toArray();
    int[] everyColumn = IntStream.range(0, row.length).toArray();
    plan.aggregates().stream()
        .flatMap(aggregate -> aggregate.measures().stream())
        .map(measure -> Measurement.of(measure, plan.columns(), everyColumn))
        .forEach(measure -> measure.add(measure.add(measure.ofNothing(), row), row));
  }

  private static Object value(ColumnType type) {
    return switch (type) {
      case TEXT -> "text";
      case INT, DATE -> 1;
      case BIGINT, TIMESTAMP -> 1L;
      case FLOAT -> 1.5f;
      case DOUBLE -> 1.5;
      case BOOLEAN -> true;
      case BLOB -> new byte[] {1};
    };
  }
}
