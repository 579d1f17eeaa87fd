-- views.sql: views that answer the usual questions in one line of SQL each. Deviations are sample
-- standard deviations, computed where the tables are made: not every SQLite has a square root.

CREATE VIEW results AS -- what is known of each ticket, one number or text per line
  SELECT s.name AS study, c.label AS cell, t.seed, t.phase, t.round, t.control, t.sparsity,
         m.name AS measure, m.unit, v.value, t.id AS ticket_id
    FROM measured v JOIN measures m ON m.id = v.measure_id JOIN tickets t ON t.id = v.ticket_id
         JOIN cells c ON c.id = t.cell_id JOIN studies s ON s.id = c.study_id
  UNION ALL
  SELECT s.name, c.label, t.seed, t.phase, t.round, t.control, t.sparsity,
         'test_accuracy', 'fraction', t.test_accuracy, t.id
    FROM tickets t JOIN cells c ON c.id = t.cell_id JOIN studies s ON s.id = c.study_id
   WHERE t.test_accuracy IS NOT NULL;

CREATE VIEW summary AS -- the same over seeds: mean and standard deviation
  SELECT s.name AS study, c.label AS cell, u.phase, u.round, u.control, u.sparsity, u.seeds,
         m.name AS measure, m.unit, v.value AS mean, v.std, u.id AS summary_id
    FROM summarised v JOIN measures m ON m.id = v.measure_id JOIN summaries u ON u.id = v.summary_id
         JOIN cells c ON c.id = u.cell_id JOIN studies s ON s.id = c.study_id
  UNION ALL
  SELECT s.name, c.label, u.phase, u.round, u.control, u.sparsity, u.seeds,
         'test_accuracy', 'fraction', u.test_accuracy, u.test_accuracy_std, u.id
    FROM summaries u JOIN cells c ON c.id = u.cell_id JOIN studies s ON s.id = c.study_id
   WHERE u.test_accuracy IS NOT NULL;

CREATE VIEW ranking AS -- the cells of a study at each sparsity (within half a point), best first
  SELECT s.name AS study, round(u.sparsity, 2) AS at_sparsity,
         rank() OVER (PARTITION BY c.study_id, round(u.sparsity, 2) ORDER BY u.test_accuracy DESC)
           AS place,
         c.label AS cell, u.round, u.sparsity, u.test_accuracy, u.test_accuracy_std, u.seeds,
         u.networks
    FROM summaries u JOIN cells c ON c.id = u.cell_id JOIN studies s ON s.id = c.study_id
   WHERE u.control IS NULL AND u.test_accuracy IS NOT NULL;

CREATE VIEW best_cells AS -- the most accurate cell at each sparsity
  SELECT study, at_sparsity, cell, round, sparsity, test_accuracy, test_accuracy_std, seeds, networks
    FROM ranking WHERE place = 1;

CREATE VIEW failures AS -- what failed and why, what only follows from it left out
  SELECT d.path AS directory, s.name AS study, g.kind, g.title, g.reason, g.identity,
         g.id AS stage_id
    FROM stages g JOIN studies s ON s.id = g.study_id JOIN directories d ON d.id = s.directory_id
   WHERE g.state IN ('failed', 'damaged') AND NOT g.is_inherited;

CREATE VIEW progress AS -- how many stages of each kind are how far
  SELECT d.path AS directory, s.name AS study, g.kind, g.state, count(*) AS stages
    FROM stages g JOIN studies s ON s.id = g.study_id JOIN directories d ON d.id = s.directory_id
   GROUP BY s.id, g.kind, g.state;

CREATE VIEW time_spent AS -- where the time went; `own_seconds` counts what studies share once
  SELECT d.path AS directory, s.name AS study, g.kind, count(*) AS stages,
         total(g.seconds) AS seconds,
         total(g.seconds) / nullif(total(total(g.seconds)) OVER (PARTITION BY s.id), 0) AS share,
         total(CASE WHEN g.repeats IS NULL THEN g.seconds END) AS own_seconds
    FROM stages g JOIN studies s ON s.id = g.study_id JOIN directories d ON d.id = s.directory_id
   WHERE g.state = 'done'
   GROUP BY s.id, g.kind;

CREATE VIEW cell_settings AS -- every setting with its cell's name
  SELECT s.name AS study, c.number, c.label AS cell, e.path, e.type, e.value, c.id AS cell_id
    FROM settings e JOIN cells c ON c.id = e.cell_id JOIN studies s ON s.id = c.study_id;

CREATE VIEW varied_settings AS -- the settings in which the cells of a study differ
  SELECT s.name AS study, e.path, c.number, c.label AS cell, e.value, c.id AS cell_id
    FROM settings e JOIN cells c ON c.id = e.cell_id JOIN studies s ON s.id = c.study_id
         JOIN (SELECT c2.study_id, e2.path
                 FROM settings e2 JOIN cells c2 ON c2.id = e2.cell_id
                GROUP BY c2.study_id, e2.path
               HAVING count(DISTINCT e2.type || quote(e2.value)) > 1
                   OR count(*) < (SELECT count(*) FROM cells c3 WHERE c3.study_id = c2.study_id)) v
           ON v.study_id = c.study_id AND v.path = e.path;

CREATE VIEW networks AS -- every trained network and what it is for: trainings.csv
  SELECT s.name AS study, c.label AS cell, u.seed, u.phase, u.round, u.role, u.copy, g.identity,
         t.epochs, t.steps, t.samples, t.train_loss, t.train_accuracy, t.test_loss,
         t.test_accuracy, t.test_accuracy <= c.chance AS collapsed, g.seconds, u.ticket_id,
         u.stage_id, c.id AS cell_id
    FROM (SELECT cell_id, seed, -1 AS phase, 0 AS round, 'distilled' AS role, 0 AS copy,
                 trained_id AS stage_id, NULL AS ticket_id
            FROM sets WHERE trained_id IS NOT NULL
          UNION ALL
          SELECT e.cell_id, e.seed, -1, 0, 'distiller', f.number, f.stage_id, NULL
            FROM set_trainings f JOIN sets e ON e.id = f.set_id
          UNION ALL
          SELECT cell_id, seed, phase, round, 'pruned', 0, training_id, id
            FROM tickets WHERE training_id IS NOT NULL
          UNION ALL
          SELECT k.cell_id, k.seed, k.phase, k.round, coalesce(k.control, 'copy'), o.number,
                 o.stage_id, k.id
            FROM copies o JOIN tickets k ON k.id = o.ticket_id) u
         JOIN trainings t ON t.stage_id = u.stage_id JOIN stages g ON g.id = u.stage_id
         JOIN cells c ON c.id = u.cell_id JOIN studies s ON s.id = c.study_id;

CREATE VIEW learning_curves AS -- every epoch of every trained network
  SELECT n.study, n.cell, n.seed, n.phase, n.round, n.role, n.copy, h.epoch, h.lr, h.train_loss,
         h.train_accuracy, h.test_loss, h.test_accuracy, n.stage_id
    FROM networks n JOIN history h ON h.stage_id = n.stage_id;

CREATE VIEW layer_sparsity AS -- how sparse each layer of each ticket is
  SELECT s.name AS study, c.label AS cell, t.seed, t.phase, t.round, t.control,
         t.sparsity AS ticket_sparsity, l.number, l.name AS layer, l.weights, l.kept,
         (l.weights - l.kept) * 1.0 / nullif(l.weights, 0) AS sparsity, t.id AS ticket_id
    FROM tickets t JOIN layers l ON l.mask_id = t.mask_id JOIN cells c ON c.id = t.cell_id
         JOIN studies s ON s.id = c.study_id;

CREATE VIEW analysed AS -- whose an analysis is: ... FROM lmc_barrier JOIN analysed USING (analysis_id)
  SELECT a.id AS analysis_id, s.name AS study, c.label AS cell, t.seed, t.phase, t.round, t.control,
         t.sparsity, a.analyzer, a.instance, t.id AS ticket_id, c.id AS cell_id
    FROM analyses a JOIN tickets t ON t.id = a.ticket_id JOIN cells c ON c.id = t.cell_id
         JOIN studies s ON s.id = c.study_id;
